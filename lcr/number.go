package lcr

import "strings"

// NumberRule rewrites a number; of a list the first that matches is applied, and only that.
type NumberRule struct {
	Match string // Beginning of the digits, with X for any digit; a "$" at the end asks for the whole number.
	Strip int    // Digits taken from the front.
	Add   string // Put in front afterwards.
	Set   string // The whole new number instead.
}

// Rewrite applies the rules to a number in digits. Without a rule that matches the digits stay as they are.
func Rewrite(rules []NumberRule, digits string) string {
	for i := range rules {
		r := &rules[i]
		if !matchDigits(r.Match, digits) {
			continue
		}
		if r.Set != "" {
			return r.Set
		}
		return r.Add + digits[min(r.Strip, len(digits)):]
	}
	return digits
}

func matchDigits(pattern, digits string) bool {
	body, whole := strings.CutSuffix(pattern, "$")
	if len(digits) < len(body) || (whole && len(digits) != len(body)) {
		return false
	}
	for i := range len(body) {
		if body[i] != 'X' && body[i] != digits[i] {
			return false
		}
	}
	return true
}
