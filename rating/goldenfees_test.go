package rating_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"trunkline/rating"
)

// fact is a counter's value in a time, of the tenant or of one number.
type fact struct {
	name   string
	number string
	value  int64
	at     time.Time // When it was counted; zero: it is a level that always stands.
}

type facts struct {
	values  []fact
	numbers []rating.NumberFact
}

func (f facts) Value(q rating.FactQuery) int64 {
	var sum int64
	for _, v := range f.values {
		if v.name != q.Counter || q.Number != "" && v.number != q.Number {
			continue
		}
		if v.at.IsZero() || !v.at.Before(q.From) && v.at.Before(q.Till) {
			sum += v.value
		}
	}
	return sum
}

func (f facts) Numbers(from, till time.Time) []rating.NumberFact {
	var out []rating.NumberFact
	for _, n := range f.numbers {
		if n.From.Before(till) && (n.Till.IsZero() || from.Before(n.Till)) {
			out = append(out, n)
		}
	}
	return out
}

func day(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	return at(s + "T00:00:00Z")
}

func (s *script) setFacts(d *datadriven.TestData) (string, error) {
	s.facts = facts{}
	for line := range strings.SplitSeq(strings.TrimSpace(d.Input), "\n") {
		words := strings.Fields(line)
		options := make(map[string]string)
		for _, w := range words {
			key, value, _ := strings.Cut(w, "=")
			options[key] = value
		}
		if words[0] == "number" {
			s.facts.numbers = append(s.facts.numbers, rating.NumberFact{
				Number: words[1], Class: options["class"], Regions: []string{options["region"]}, From: day(options["from"]), Till: day(options["till"]),
			})
			continue
		}
		name, text, _ := strings.Cut(words[0], "=")
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return "", err
		}
		s.facts.values = append(s.facts.values, fact{name: name, value: value, number: options["of"], at: day(options["on"])})
	}
	return fmt.Sprintf("ok %d counters, %d numbers\n", len(s.facts.values), len(s.facts.numbers)), nil
}

func account(d *datadriven.TestData) rating.Account {
	return rating.Account{Start: when(d, "since"), End: when(d, "end"), TrialEnded: when(d, "trial-ended")}
}

func (s *script) fees(d *datadriven.TestData) (string, error) {
	now := when(d, "now")
	if now.IsZero() {
		now = when(d, "till")
	}
	lines, err := s.tariff.Fees(account(d), when(d, "from"), when(d, "till"), now, s.facts)
	if len(s.stays) > 0 {
		lines, err = rating.FeesOf(s.stays, account(d), when(d, "from"), when(d, "till"), now, s.facts)
		s.stays = nil
	}
	if err != nil {
		return "", err
	}
	var b strings.Builder
	total := int64(0)
	for _, l := range lines {
		who := ""
		if !l.Number.IsZero() {
			who = " " + l.Number.String()
		}
		fmt.Fprintf(&b, "%s%s   %s to %s   %s", l.Text, who, l.From.Format("01-02"), l.Till.Format("01-02"), l.Amount.Format(2))
		if l.Waived != "" {
			fmt.Fprintf(&b, "   [%s]\n", l.Waived)
		} else {
			fmt.Fprintf(&b, "   (%s)\n", l.Reason)
		}
		writeProgress(&b, l.Progress)
		total += l.Amount.Micros()
	}
	fmt.Fprintf(&b, "total %d.%02d\n", total/1_000_000, total/10_000%100)
	return b.String(), nil
}

func writeProgress(b *strings.Builder, progress []rating.Progress) {
	for _, p := range progress {
		fmt.Fprintf(b, "    %s: %d of %d, %v; expected %d, %v\n", p.Text, p.Value, p.Target, p.Met, p.Projected, p.Expected)
	}
}

func (s *script) trial(d *datadriven.TestData) (string, error) {
	state := s.tariff.TrialAt(account(d), when(d, "now"), s.facts)
	var b strings.Builder
	fmt.Fprintf(&b, "active %v\n", state.Active)
	writeProgress(&b, state.Progress)
	return b.String(), nil
}
