package main

import "github.com/spf13/pflag"

// formerFlag lets a flag be given by the name that it had before. The former name is not shown in help; pflag tells whoever
// uses it what the flag is called now.
func formerFlag(flags *pflag.FlagSet, former, name string) {
	alias := *flags.Lookup(name)
	alias.Name, alias.Shorthand = former, ""
	alias.Hidden, alias.Deprecated = true, "use --"+name
	flags.AddFlag(&alias)
}
