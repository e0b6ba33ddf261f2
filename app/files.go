package app

import (
	"context"

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
