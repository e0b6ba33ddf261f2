package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// password reads the password kept in file, or makes one of 130 random bits and keeps it there, readable by its owner only.
func password(file string) (string, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the path is made of the data folder's
	if err == nil && strings.TrimSpace(string(text)) != "" {
		return strings.TrimSpace(string(text)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read password: %w", err)
	}
	secret := rand.Text()
	return secret, writeFile(file, secret+"\n")
}

// writeFile replaces a file at once: after a crash it holds the old text or the new, and it is on disk.
func writeFile(path, text string) error {
	if err := writeSynced(path+".new", text); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func writeSynced(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the path is made of the data folder's
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}
