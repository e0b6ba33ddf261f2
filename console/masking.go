package console

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"trunkline/access"
	"trunkline/internal/field"
	"trunkline/reports"
)

// Who may not see numbers in full sees them without their last digits. Shorter ones are extensions, emergency and short codes: nobody's.
const (
	numberDigits = 7
	hiddenDigits = 4
	// What may be searched for: no more than is shown of numbers with their country code, and of the shortest as they were dialled.
	openDigits    = 6
	openAsDialled = numberDigits - hiddenDigits
)

// hidesNumbers reports whether somebody sees callers' and called numbers without their last digits.
func hidesNumbers(who *access.Principal) bool { return !who.May(access.ReadNumbers) }

// Masked hides the last four digits of a number, whatever stands between its digits.
func Masked(number string) string {
	digits := 0
	for _, c := range []byte(number) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits < numberDigits {
		return number
	}
	out := []byte(number)
	for i, left := len(out)-1, hiddenDigits; left > 0; i-- {
		if out[i] >= '0' && out[i] <= '9' {
			out[i] = '*'
			left--
		}
	}
	return string(out)
}

// maskedText hides the numbers in a text for people.
func maskedText(text string) string {
	return regexp.MustCompile(fmt.Sprintf(`[0-9]{%d,}`, numberDigits)).ReplaceAllStringFunc(text, Masked)
}

// maskMessages hides the numbers in SIP messages: in the user part of addresses, and in names before them and in quotes. Call-IDs, tags and
// what else has digits stays, so that a message can be found in other tools.
func maskMessages(who *access.Principal, list []SIPMessage) []SIPMessage {
	if !hidesNumbers(who) {
		return list
	}
	places := regexp.MustCompile(`(?i)(?:sips?|tel):[^@>;,\s"]+|"[^"\r\n]*"|(?m:^[a-z-]+[ \t]*:[^<"\r\n]*<|^[os]=[^\r\n]*)`)
	list = slices.Clone(list)
	for i := range list {
		list[i].Text = places.ReplaceAllStringFunc(list[i].Text, maskPlace)
	}
	return list
}

// maskPlace hides the number at one place of a message. Where an address has no user it is a host, which is no number.
func maskPlace(text string) string {
	user, rest, origin := strings.Cut(text, " ") // In an SDP's "o=" more follows that is no name: ids, versions, an address.
	switch {
	case strings.HasPrefix(text, "o=") && origin:
		return Masked(user) + " " + rest
	case strings.Count(text, ".") == 3, strings.Contains(text, "["):
		return text
	}
	return Masked(text)
}

// maySearchNumbers refuses filters by which who does not see numbers in full would learn their last digits by trying: a filter may ask how a
// number begins, by no more digits than are shown of it.
func maySearchNumbers(who *access.Principal, f reports.Filter) error {
	if !hidesNumbers(who) {
		return nil
	}
	for _, m := range f.Matches() {
		if !m.Field.Access().Has(field.Personal) {
			continue
		}
		most := openDigits
		if m.Field == reports.FieldDialled || m.Field == reports.FieldCallerID {
			most = openAsDialled
		}
		open := regexp.MustCompile(fmt.Sprintf(`^\+?([0-9]{1,%d}|[0-9]{1,%d}%%)$`, numberDigits-1, most))
		for _, v := range m.Values {
			if !open.MatchString(v.Text) {
				return fmt.Errorf("%w: the ends of numbers are not shown to you: search by up to %d digits at their beginning, such as %s:749%%", ErrForbidden, most, m.Field)
			}
		}
	}
	return nil
}

// mayGroup refuses statistics by the number that called or was called to who does not see them in full.
func mayGroup(who *access.Principal, by []reports.Dimension) error {
	if hidesNumbers(who) && slices.ContainsFunc(by, func(d reports.Dimension) bool { return d.Access().Has(field.Personal) }) {
		return fmt.Errorf("%w: callers' and called numbers are not shown to you in full", ErrForbidden)
	}
	return nil
}

// Searchable is what somebody may search of a number that they look for.
func Searchable(who *access.Principal, digits string) string {
	if hidesNumbers(who) && len(digits) > openDigits {
		return digits[:openDigits]
	}
	return digits
}
