//go:build unix

package collect

import (
	"fmt"
	"os"
	"syscall"
)

// identity is what a file keeps when it is renamed: device and inode.
func identity(info os.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
	}
	return info.Name()
}
