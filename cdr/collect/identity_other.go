//go:build !unix

package collect

import "os"

// identity is the name where the system shows nothing better.
func identity(info os.FileInfo) string { return info.Name() }
