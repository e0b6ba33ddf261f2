package app

import (
	"context"
	"os"
	"path/filepath"

	"trunkline/console"
	"trunkline/internal/cause"
	"trunkline/provision"
	"trunkline/routing"
)

// ReadOperator reads an operator's file with all that it names, and checks it as a whole. It needs no store. Its faults are one line
// each, and marked as cause.Input.
func ReadOperator(ctx context.Context, file string) (*provision.Bundle, error) {
	bundle, err := provision.OpenBundle(file)
	if err == nil {
		err = CheckBundle(ctx, bundle)
	}
	return bundle, cause.Mark(cause.Input, err)
}

// TableOf is what calls are routed by where an operator's file is in force. What is wrong with the file is marked as cause.Input.
func TableOf(ctx context.Context, file string) (*routing.Table, error) {
	bundle, err := provision.OpenBundle(file)
	if err != nil {
		return nil, cause.Mark(cause.Input, err)
	}
	snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
	if err != nil {
		return nil, cause.Mark(cause.Input, err)
	}
	return routing.NewTable(snapshot), nil
}

// PutFiles writes the files of a version into a folder, which is made if there is none, and tells the path of each.
func PutFiles(dir string, files []console.VersionFile, told func(path string)) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.Base(f.Name))
		if err := os.WriteFile(path, f.Content, 0o600); err != nil {
			return err
		}
		told(path)
	}
	return nil
}
