// Package build tells what the running program was built of: the version, the commit and its date, as `go build` noted them.
package build

import (
	"cmp"
	"runtime/debug"
)

const unknown = "unknown"

// Version tells the version (that of the tag, or one made of commit and time), the commit and its date, in UTC; "unknown" without info.
func Version(info *debug.BuildInfo) string {
	if info == nil {
		return unknown
	}
	text := cmp.Or(info.Main.Version, "(devel)")
	if commit := setting(info, "vcs.revision"); commit != "" {
		text += " commit " + short(commit)
	}
	if at := setting(info, "vcs.time"); at != "" {
		text += " of " + at
	}
	if setting(info, "vcs.modified") == "true" {
		text += ", changed since"
	}
	return text
}

// Commit is the commit of a build from the source tree in twelve digits, or else the module's version; "unknown" without info.
func Commit(info *debug.BuildInfo) string {
	if info == nil {
		return unknown
	}
	return cmp.Or(short(setting(info, "vcs.revision")), info.Main.Version)
}

func short(commit string) string { return commit[:min(len(commit), 12)] }

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
