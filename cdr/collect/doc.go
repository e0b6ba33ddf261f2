// Package collect brings the bytes of foreign telephone systems in and keeps them: what comes over TCP or a serial line is
// written to capture files before anything is made of it, and one follower reads those files, and folders that others write
// to. It remembers over restarts how far it came; what a system repeats comes out as the same calls.
package collect
