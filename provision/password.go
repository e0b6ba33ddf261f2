package provision

import (
	"crypto/rand"
	"strings"
)

const (
	passwordLength = 10 // Characters that a phone's password has at least.
	passwordKinds  = 5  // Different ones among them.
	proposedLength = 16 // Of a proposal: 80 bits.
)

// WeakPassword says what makes the password of a phone easy to guess; empty: nothing. Phones are scanned for all day long, and who
// guesses one calls at its tenant's cost.
func WeakPassword(password, tenant, extension, login string) string {
	lower := strings.ToLower(password)
	for _, word := range []string{login, tenant, extension} {
		if word != "" && strings.Contains(lower, strings.ToLower(word)) {
			return "has the login, the client or the short number in it"
		}
	}
	for _, word := range []string{"password", "passwort", "secret", "12345", "qwert", "asterisk", "admin"} {
		if strings.Contains(lower, word) {
			return "has a word in it that is tried first"
		}
	}
	kinds := make(map[rune]bool)
	for _, r := range password {
		kinds[r] = true
	}
	switch {
	case len(password) < passwordLength:
		return "is short"
	case len(kinds) < passwordKinds:
		return "has few different characters"
	}
	return ""
}

// ProposePassword makes a password that nobody guesses and that can be typed on a phone: without letters that look like digits.
func ProposePassword() string {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32 of them: five bits each.
	for {
		var b [proposedLength]byte
		_, _ = rand.Read(b[:]) // Never fails (crypto/rand).
		for i := range b {
			b[i] = letters[b[i]%byte(len(letters))]
		}
		if WeakPassword(string(b[:]), "", "", "") == "" {
			return string(b[:])
		}
	}
}
