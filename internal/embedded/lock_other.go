//go:build !(linux || darwin || freebsd || netbsd || openbsd)

package embedded

import "os"

// tryLock has no implementation here: without a lock that ends with its holder the data is not safe.
func tryLock(*os.File) (bool, error) { return false, ErrPlatform }
