package lcr_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
)

func (s *script) quality(d *datadriven.TestData) (string, error) {
	var rows []lcr.QualityRow
	for _, l := range lines(d) {
		row := lcr.QualityRow{Gateway: l.words[0], Prefix: e164.MustParsePrefix(l.values["prefix"])}
		row.Calls, row.Answered = int64(l.number("calls")), int64(l.number("answered"))
		row.Effective, row.Short = int64(l.number("effective")), int64(l.number("short"))
		row.Talk, row.PDD, row.Ringing = l.length("talk"), l.length("pdd")*time.Duration(row.Calls), row.Calls
		rows = append(rows, row)
	}
	return "ok\n", s.parts.Measures.SetQuality(rows)
}

func (s *script) debts(d *datadriven.TestData) (string, error) {
	owed := make(map[string]money.Amount)
	for _, l := range lines(d) {
		owed[l.words[0]] = money.MustParseAmount(l.words[1])
	}
	s.parts.Measures.SetDebts(owed)
	return "ok\n", nil
}

func (s *script) setLive(d *datadriven.TestData) (string, error) {
	s.live = make(map[string]lcr.GatewayState)
	for _, l := range lines(d) {
		s.live[l.words[0]] = lcr.GatewayState{LockedUntil: l.moment("locked"), Calls: l.number("calls"), CPS: l.number("cps")}
	}
	return "ok\n", nil
}

func (s *script) request(l line) lcr.Request {
	q := lcr.Request{
		Plan: "plan", Tenant: l.values["tenant"], Branch: l.values["branch"], Extension: l.values["extension"],
		To: e164.MustParse(l.values["to"]), At: l.moment("at"), Assumed: l.length("assumed"),
		Emergency: l.has("emergency"), Simulated: l.has("dry"), Live: s.live,
	}
	if l.values["plan"] != "" {
		q.Plan = l.values["plan"]
	}
	if l.values["from"] != "" {
		q.From = e164.MustParse(l.values["from"])
	}
	if q.At.IsZero() {
		q.At = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // A Monday.
	}
	if sale, currency, ok := strings.Cut(l.values["sale"], ":"); ok {
		q.Sale, q.Currency = money.MustParseAmount(sale), money.MustParseCurrency(currency)
	}
	return q
}

func (s *script) route(d *datadriven.TestData) (string, error) {
	w, err := lcr.NewWorld(s.parts)
	if err != nil {
		return "", err
	}
	q := s.request(args(d))
	var decision lcr.Decision
	w.Decide(&q, &decision)
	return tell(&decision, q.Currency), nil
}

// tell writes a decision down, one line a gateway.
func tell(d *lcr.Decision, currency money.Currency) string {
	var b strings.Builder
	e := d.Explain()
	if e.Rule != "" {
		fmt.Fprintf(&b, "rule %s", e.Rule)
		if d.Len() > d.MaxTries() {
			fmt.Fprintf(&b, ", %d tries", d.MaxTries())
		}
		if d.SetupTime() > 0 {
			fmt.Fprintf(&b, ", within %s", d.SetupTime())
		}
		b.WriteByte('\n')
	}
	for i, c := range e.Candidates {
		fmt.Fprintf(&b, "%d. %s", i+1, c.Gateway)
		if c.Deck != "" {
			fmt.Fprintf(&b, "  prefix %s rate %s cost %s", c.Prefix, c.Rate, c.Cost)
		}
		if !currency.IsZero() && c.Deck != "" {
			fmt.Fprintf(&b, " margin %s", c.Margin)
		}
		if c.ToSent != e.To.Digits() {
			fmt.Fprintf(&b, "  to %s", c.ToSent)
		}
		if c.FromSent != e.From.Digits() {
			fmt.Fprintf(&b, "  from %s", c.FromSent)
		}
		b.WriteByte('\n')
	}
	for _, skipped := range e.Skipped {
		fmt.Fprintf(&b, "-  %s  %s: %s\n", skipped.Gateway, skipped.Reason, skipped.Detail)
	}
	if e.Refusal != "" {
		fmt.Fprintf(&b, "refused: %s\n", e.Refusal)
	}
	return b.String()
}

// share counts who comes first over many calls.
func (s *script) share(d *datadriven.TestData) (string, error) {
	w, err := lcr.NewWorld(s.parts)
	if err != nil {
		return "", err
	}
	l := args(d)
	q := s.request(l)
	first := make(map[string]int)
	var decision lcr.Decision
	for range l.number("calls") {
		w.Decide(&q, &decision)
		first[decision.Candidate(0).Gateway]++
	}
	var out []string
	for gateway, n := range first {
		out = append(out, gateway+" "+strconv.Itoa(n))
	}
	slices.Sort(out)
	return strings.Join(out, "\n") + "\n", nil
}

func rewrite(d *datadriven.TestData) (string, error) {
	var rules []lcr.NumberRule
	for _, l := range lines(d) {
		rules = append(rules, numberRule(l))
	}
	return lcr.Rewrite(rules, d.CmdArgs[0].Key) + "\n", nil
}

// hours tells for each line, a moment, whether it is within the hours of the command.
func hours(d *datadriven.TestData) (string, error) {
	l := args(d)
	h, err := lcr.ParseHours(l.values["span"], strings.ReplaceAll(l.values["zone"], " ", "_"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, row := range lines(d) {
		at := line{values: map[string]string{"at": row.words[0]}}.moment("at")
		fmt.Fprintf(&b, "%s %v\n", row.words[0], h.Contain(at))
	}
	return b.String(), nil
}

func (s *script) huntRules(d *datadriven.TestData) (string, error) {
	s.hunting = nil
	for _, l := range lines(d) {
		rule := lcr.HuntRule{Status: l.words[0], Do: l.words[1], As: l.number("as")}
		if err := rule.Check(); err != nil {
			return "", err
		}
		s.hunting = append(s.hunting, rule)
	}
	return "ok\n", nil
}

func (s *script) hunt(d *datadriven.TestData) (string, error) {
	var b strings.Builder
	for _, l := range lines(d) {
		o := lcr.Outcome{Status: l.number("status"), Cause: uint8(l.number("cause")), Told: l.has("told"), Silent: l.has("silent")}
		r, ok := lcr.Ruling{}, false
		for _, rule := range s.hunting {
			if r, ok = rule.Rule(o); ok {
				break
			}
		}
		if !ok {
			r = lcr.DefaultRuling(o)
		}
		verb := "stop"
		if r.Next {
			verb = "next"
		}
		fmt.Fprintf(&b, "%s", verb)
		if r.As != 0 {
			fmt.Fprintf(&b, " as %d", r.As)
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}
