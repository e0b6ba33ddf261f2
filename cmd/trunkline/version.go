package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"trunkline/internal/build"
)

func newVersionCommand() *cobra.Command {
	return bare(&cobra.Command{
		Use: "version", Short: "Print the version of the program, its commit and date, and what it was built with",
	}, func(cmd *cobra.Command, _ []string) error {
		info, _ := debug.ReadBuildInfo()
		return say(cmd, nil, "trunkline %s %s %s/%s\n", build.Version(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	})
}
