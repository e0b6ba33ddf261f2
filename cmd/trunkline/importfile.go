package main

import "github.com/spf13/cobra"

func newImportFileCommand() *cobra.Command   { return &cobra.Command{Use: "file"} }
func newImportErrorsCommand() *cobra.Command { return &cobra.Command{Use: "errors"} }
