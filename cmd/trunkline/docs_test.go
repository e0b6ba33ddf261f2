package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestDocumentedCommands holds the commands that README.md and docs show against those that there are: every command with every flag.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	rooms, err := filepath.Glob(filepath.Join(root, "*", "README.md"))
	require.NoError(t, err)
	files = append(append(files, filepath.Join(root, "README.md")), rooms...)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for at, words := range shownCommands(string(text)) {
			found++
			if err := documented(newRootCommand(), words); err != nil {
				t.Errorf("%s:%d: trunkline %s: %s", file, at, strings.Join(words, " "), err)
			}
		}
	}
	require.Greater(t, found, 50)
}

// shownCommands are the calls of trunkline in the blocks of a document, by their lines.
func shownCommands(text string) map[int][]string {
	out := make(map[int][]string)
	fenced := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			continue
		}
		if !fenced && !strings.HasPrefix(line, "    ") {
			continue
		}
		if strings.Contains(line, "---") { // A drawing.
			continue
		}
		words := commandWords(line)
		for len(words) > 0 && (strings.Contains(words[0], "=") || words[0] == "$" || words[0] == "sudo") { // Settings for the one command.
			words = words[1:]
		}
		if len(words) > 0 && strings.TrimPrefix(words[0], "bin/") == "trunkline" {
			out[i+1] = words[1:]
		}
	}
	return out
}

// commandWords are the words of a line as a shell takes it apart, up to a comment, a pipe or another command.
func commandWords(line string) []string {
	var out []string
	var word strings.Builder
	quote, begun := rune(0), false
	flush := func() {
		if begun {
			out = append(out, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, begun = c, true
		case c == ' ':
			flush()
		case strings.ContainsRune("#|;&<>", c) && !begun:
			return out
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	flush()
	return out
}

// documented tells what is wrong with a call that a document shows.
func documented(root *cobra.Command, words []string) error {
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if cmd == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return fmt.Errorf("there is no command %q", rest[0])
	}
	for _, word := range rest {
		if word == "--" {
			return nil
		}
		name, long := strings.CutPrefix(word, "--")
		if !long {
			if short, ok := strings.CutPrefix(word, "-"); ok && len(short) == 1 && cmd.Flags().ShorthandLookup(short) == nil && cmd.InheritedFlags().ShorthandLookup(short) == nil {
				return fmt.Errorf("there is no flag %s", word)
			}
			continue
		}
		name, _, _ = strings.Cut(name, "=")
		if name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			return fmt.Errorf("there is no flag --%s", name)
		}
	}
	if cmd.HasSubCommands() && !cmd.Runnable() && len(words) > 0 {
		return errors.New("name one of its commands")
	}
	return nil
}

// TestHelpTexts: what help says is said of a command that there is, and its examples are of flags that there are.
func TestHelpTexts(t *testing.T) {
	t.Parallel()
	files, err := helpTexts.ReadDir("help")
	require.NoError(t, err)
	for _, file := range files {
		text, err := helpTexts.ReadFile("help/" + file.Name())
		require.NoError(t, err)
		for path, part := range helpParts(string(text)) {
			if path == "" {
				continue
			}
			cmd, _, err := newRootCommand().Find(strings.Fields(path))
			require.NoError(t, err, path)
			require.Equal(t, "trunkline "+path, cmd.CommandPath())
			require.Equal(t, part.examples, cmd.Example)
			for line := range strings.SplitSeq(part.examples, "\n") {
				_, call, found := strings.Cut(line, "trunkline ")
				if err := documented(newRootCommand(), commandWords(call)); found && err != nil {
					t.Errorf("%s: %s: %s", file.Name(), line, err)
				}
			}
		}
	}
}

// TestEveryCommandHasAnExample: whoever asks for help of a command that does something sees a call of it.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if cmd.Runnable() && !cmd.Hidden && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, below := range cmd.Commands() {
			look(below)
		}
	}
	look(newRootCommand())
}
