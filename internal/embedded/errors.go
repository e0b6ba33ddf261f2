package embedded

import "errors"

// The errors of this package. Each is wrapped in a message that names the folder, port or file and the remedy.
var (
	// ErrLocked says that another process uses the data folder.
	ErrLocked = errors.New("data folder is in use")
	// ErrNotWritable says that the data folder cannot be used by the user who runs the program.
	ErrNotWritable = errors.New("data folder is not usable")
	// ErrPackageMissing says that an engine is not installed.
	ErrPackageMissing = errors.New("engine is not installed")
	// ErrPlatform says that there is no embedded engine for this operating system and processor.
	ErrPlatform = errors.New("no embedded engine for this platform")
	// ErrPortTaken says that another process listens on a configured port.
	ErrPortTaken = errors.New("port is taken")
	// ErrPasswordLost says that data exists without the password that opens it.
	ErrPasswordLost = errors.New("password file is missing")
	// ErrNotReady says that an engine ended, or did not answer in time, before it was ready.
	ErrNotReady = errors.New("engine did not become ready")
)
