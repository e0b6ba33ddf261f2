package smdr

import "unicode/utf8"

// narrow writes text with one byte for every character, so that columns can be counted in it, and remembers which
// characters the bytes from 0x80 on stand for.
type narrow struct {
	known []rune
}

// narrowMost is how many characters beside those of ASCII a record may have; what is more is told apart no further.
const narrowMost = 0x7f

func (n *narrow) pack(s string) string {
	n.known = n.known[:0]
	out := make([]byte, 0, len(s))
	for _, r := range s {
		if r < utf8.RuneSelf {
			out = utf8.AppendRune(out, r)
			continue
		}
		out = append(out, byte(0x80+n.index(r))) //nolint:gosec // At most 0x7f.
	}
	return string(out)
}

func (n *narrow) index(r rune) int {
	for i, k := range n.known {
		if k == r {
			return i
		}
	}
	if len(n.known) < narrowMost {
		n.known = append(n.known, r)
		return len(n.known) - 1
	}
	return narrowMost
}

func (n *narrow) unpack(s string) string {
	if isASCII(s) {
		return s
	}
	out := make([]byte, 0, 2*len(s))
	for i := range len(s) {
		switch at := int(s[i]) - 0x80; {
		case at < 0:
			out = append(out, s[i])
		case at < len(n.known):
			out = utf8.AppendRune(out, n.known[at])
		default:
			out = utf8.AppendRune(out, utf8.RuneError)
		}
	}
	return string(out)
}
