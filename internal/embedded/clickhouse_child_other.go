//go:build !(linux && amd64)

package embedded

// RunClickHouse answers ErrPlatform: the library exists for linux/amd64 only.
func RunClickHouse(...string) error { return ErrPlatform }
