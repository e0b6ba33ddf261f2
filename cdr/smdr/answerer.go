package smdr

import (
	"strings"

	"trunkline/internal/calls"
)

// answeredBy notes whose phone answered a call whose caller and called alone do not tell it: a menu or a queue was called.
func (c *Call) answeredBy(extension string) {
	if extension == "" || c.Answerer != "" {
		return
	}
	c.Answerer = extension
	if c.Direction == calls.Inbound {
		c.Extension = extension
	}
}

// takeLine gives a call the line of a later part of it where its own is one that leads nowhere: a channel of Asterisk within
// itself.
func (c *Call) takeLine(o *Call) {
	if strings.HasPrefix(c.Trunk, "Local/") && o.Trunk != "" {
		c.Trunk = o.Trunk
	}
}

// hidden reports whether a system hides digits of a number that was dialled: dots, question marks, or an X at the end.
func hidden(to string) bool {
	return strings.ContainsAny(to, ".?") || strings.HasSuffix(to, "X")
}
