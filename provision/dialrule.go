package provision

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/e164"
)

// What DialRule.Do may be.
const (
	DoWithhold           = "withhold"
	DoShow               = "show"
	DoForwardAlways      = "forward_always"
	DoForwardBusy        = "forward_busy"
	DoForwardNoAnswer    = "forward_no_answer"
	DoForwardUnavailable = "forward_unavailable"
)

func checkDialRule(r DialRule) error {
	if !slices.Contains([]string{"", DoWithhold, DoShow, DoForwardAlways, DoForwardBusy, DoForwardNoAnswer, DoForwardUnavailable}, r.Do) {
		return fmt.Errorf("do is %q: use withhold, show, forward_always, forward_busy, forward_no_answer or forward_unavailable", r.Do)
	}
	if r.Match == "" {
		return errors.New("is empty")
	}
	if i := strings.IndexByte(r.Match, '.'); i >= 0 && i != len(r.Match)-1 {
		return fmt.Errorf("%q has a dot before its end", r.Match)
	}
	if r.Set != "" && (r.Add != "" || r.Strip != 0) {
		return errors.New("has set beside strip or add: set is the whole number")
	}
	if r.Strip < 0 || r.Strip > len(r.Match)+e164.MaxDigits {
		return fmt.Errorf("strip is %d", r.Strip)
	}
	for _, c := range r.Match {
		if !strings.ContainsRune("0123456789XZ+*#.", c) {
			return fmt.Errorf("%q has the character %q", r.Match, c)
		}
	}
	return nil
}
