package app

import (
	"fmt"
	"os"
	"path/filepath"
)

// AddressFile is where a running process writes down where its pages are.
const AddressFile = "http.address"

// LocalKeyFile holds the key by which commands are let in. Whoever can read the data folder may do everything anyway.
const LocalKeyFile = "local.key"

// publishAddress writes down where the pages are, and returns what takes it back.
func publishAddress(data, address string) (func(), error) {
	file := filepath.Join(data, AddressFile)
	if err := os.WriteFile(file, []byte(address+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("write down where the pages are: %w", err)
	}
	return func() { _ = os.Remove(file) }, nil // A file that stays is overwritten by the next start.
}
