package main

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of the program, its commit and date, and what it was built with", Args: cobra.NoArgs,
		Example: "  trunkline version",
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			cmd.Printf("trunkline %s %s %s/%s\n", versionOf(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		},
	}
}

// versionOf tells the version (that of the tag, or one made of commit and time), the commit and its date, in UTC, as `go build` noted them.
func versionOf(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	text := cmp.Or(info.Main.Version, "(devel)")
	if commit := setting(info, "vcs.revision"); commit != "" {
		text += " commit " + commit[:min(len(commit), 12)]
	}
	if at := setting(info, "vcs.time"); at != "" {
		text += " of " + at
	}
	if setting(info, "vcs.modified") == "true" {
		text += ", changed since"
	}
	return text
}

// buildVersion is the commit of a build from the source tree, or the module's version.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if commit := setting(info, "vcs.revision"); len(commit) >= 12 {
		return commit[:12]
	}
	return info.Main.Version
}

func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
