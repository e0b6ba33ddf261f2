package rating_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// script runs one file of testdata, a conversation about prices:
//
//	deck CURRENCY     lines of PREFIX key=value ...        makes a flat tariff of them
//	tariff            a tariff file                        replaces the tariff and the counters
//	rate to= ...      connect= duration= [from= direction= ext= branch= onnet since= times= explain]
//	quote to= ...     [want= amount= steps=]
//	balance           connect= [ext= branch= since=]
//	facts             lines of NAME=VALUE [from= till= number=], or number NAME class= region= [from= till=]
//	fees from= till=  [now= since= end= trial-ended=]
//	trial now=        [since=]
type script struct {
	tariff *rating.Tariff
	used   rating.Tally
	facts  facts
	stays  []rating.Stay // Of the next fees; none: the tariff all the time.
}

func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		t.Helper()
		s := &script{used: rating.Tally{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			out, err := s.run(t, d)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			return out
		})
	})
}

func (s *script) run(t *testing.T, d *datadriven.TestData) (string, error) {
	t.Helper()
	switch d.Cmd {
	case "deck":
		return s.deck(d)
	case "tariff":
		return s.load(d)
	case "rate":
		return s.rate(d)
	case "quote":
		return s.quote(d)
	case "balance":
		return s.balance(d)
	case "facts":
		return s.setFacts(d)
	case "stay":
		s.stays = append(s.stays, rating.Stay{Tariff: s.tariff, From: when(d, "from"), Till: when(d, "till"), Known: when(d, "known"), Left: when(d, "left")})
		return "", nil
	case "fees":
		return s.fees(d)
	case "trial":
		return s.trial(d)
	}
	return "", fmt.Errorf("there is no command %q", d.Cmd)
}

func arg(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return strings.Join(a.Vals, ",")
		}
	}
	return ""
}

func flag(d *datadriven.TestData, key string) bool {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return true
		}
	}
	return false
}

func when(d *datadriven.TestData, key string) time.Time {
	s := arg(d, key)
	if s == "" {
		return time.Time{}
	}
	if len(s) == len(time.DateOnly) {
		s += "T00:00:00Z"
	}
	return at(s)
}

func (s *script) deck(d *datadriven.TestData) (string, error) {
	currency, err := money.ParseCurrency(d.CmdArgs[0].Key)
	if err != nil {
		return "", err
	}
	b := rating.NewDeckBuilder("deck", currency)
	for i, text := range strings.Split(strings.TrimSpace(d.Input), "\n") {
		r, err := deckLine(strings.Fields(text))
		if err != nil {
			return "", err
		}
		r.Line = i + 1
		if err := b.Add(r); err != nil {
			return "", err
		}
	}
	deck, err := b.Build()
	if err != nil {
		return "", err
	}
	rounding := rating.DefaultRounding()
	rounding.Scale = 4
	if scale := arg(d, "scale"); scale != "" {
		rounding.Scale, _ = strconv.Atoi(scale)
	}
	if mode := arg(d, "rounding"); mode != "" {
		if rounding.Money, err = money.ParseRounding(mode); err != nil {
			return "", err
		}
	}
	if s.tariff, err = rating.FlatTariff(deck, rounding); err != nil {
		return "", err
	}
	return fmt.Sprintf("ok %d rates\n", deck.Len()), nil
}

func deckLine(words []string) (rating.Rate, error) {
	var r rating.Rate
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	var err error
	if words[0] != "any" {
		r.Prefix, err = e164.ParsePrefix(words[0])
		keep(err)
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		err = nil
		switch key {
		case "rate":
			r.PerMinute, err = money.ParseRate(value)
		case "increment":
			r.Increment, err = rating.ParseIncrement(strings.Replace(value, "-from-zero", " from zero", 1))
		case "connect":
			r.ConnectFee, err = money.ParseAmount(value)
		case "attempt":
			r.AttemptFee, err = money.ParseAmount(value)
		case "min":
			r.MinCharge, err = money.ParseAmount(value)
		case "grace":
			var n int
			n, err = strconv.Atoi(value)
			r.Grace = int32(n)
		case "name":
			r.Destination = value
		case "origin":
			r.Origin, err = e164.ParsePrefix(value)
		case "blocked":
			r.Blocked = true
		case "from":
			r.From = at(value + "T00:00:00Z")
		case "till":
			r.Till = at(value + "T00:00:00Z")
		default:
			err = fmt.Errorf("there is no key %q", key)
		}
		keep(err)
	}
	return r, errors.Join(errs...)
}

func (s *script) load(d *datadriven.TestData) (string, error) {
	tariff, err := rating.ParseTariff("tariff.yaml", []byte(d.Input), nil)
	if err != nil {
		return "", err
	}
	s.tariff, s.used = tariff, rating.Tally{}
	return "ok " + tariff.Label() + "\n", nil
}

func (s *script) call(d *datadriven.TestData) (rating.Call, error) {
	c := rating.Call{Extension: arg(d, "ext"), Branch: arg(d, "branch"), OnNet: flag(d, "onnet"), Since: when(d, "since")}
	c.Connect = at("2026-03-02T10:00:00Z")
	if flag(d, "connect") {
		c.Connect = when(d, "connect")
	}
	var errs [6]error
	if v := arg(d, "to"); v != "" {
		c.To, errs[0] = e164.Parse(v)
	}
	if v := arg(d, "from"); v != "" {
		c.From, errs[1] = e164.Parse(v)
	}
	if v := arg(d, "duration"); v != "" {
		c.Duration, errs[2] = time.ParseDuration(v)
	}
	c.Direction, errs[3] = calls.ParseDirection(arg(d, "direction"))
	c.Chosen, errs[4] = costOf(arg(d, "chosen"))
	c.Cheapest, errs[5] = costOf(arg(d, "cheapest"))
	return c, errors.Join(errs[:]...)
}

// costOf reads a carrier's cost, PREFIX/RATE/CONNECT.
func costOf(s string) (*rating.Rate, error) {
	if s == "" {
		return nil, nil
	}
	parts := strings.Split(s, "/")
	r, err := deckLine([]string{parts[0], "rate=" + parts[1], "connect=" + parts[2], "increment=1/1", "name=cost"})
	return &r, err
}

func (s *script) rate(d *datadriven.TestData) (string, error) {
	c, err := s.call(d)
	if err != nil {
		return "", err
	}
	times := 1
	if v := arg(d, "times"); v != "" {
		times, _ = strconv.Atoi(v)
	}
	var b strings.Builder
	for range times {
		charge, why, err := s.tariff.Explain(c, s.used)
		if err != nil {
			return "", err
		}
		s.used.Apply(charge.Uses)
		b.WriteString(describe(&charge, s.tariff.Scale()))
		if flag(d, "explain") {
			for _, step := range why.Steps {
				fmt.Fprintf(&b, "  %-10s %s\n", step.Kind, step.Text)
			}
		}
	}
	return b.String(), nil
}

// describe writes a charge in one line; parts that are nothing are left out.
func describe(c *rating.Charge, scale int) string {
	parts := []string{"billed " + billed(c)}
	for _, p := range []struct {
		name   string
		amount money.Amount
		always bool
	}{
		{"attempt", c.AttemptFee, false},
		{"connect", c.ConnectFee, false},
		{"usage", c.Usage, true},
		{"top-up", c.TopUp, false},
		{"adjustment", c.Adjustment, false},
		{"credit", c.Credit, false},
	} {
		if p.always || !p.amount.IsZero() {
			parts = append(parts, p.name+" "+p.amount.Format(scale))
		}
	}
	if c.Covered > 0 {
		parts = append(parts, "covered "+strconv.FormatInt(c.Covered, 10)+"s")
	}
	parts = append(parts, "total "+c.Total.Format(scale)+" "+c.Currency.String())
	if c.Notes != 0 {
		parts = append(parts, "["+c.Notes.String()+"]")
	}
	return strings.Join(parts, "   ") + "\n"
}

func billed(c *rating.Charge) string {
	s := strconv.FormatInt(c.Billed, 10) + "s"
	rest := c.Billed - int64(c.Increment.Initial)
	if rest > 0 && c.Increment.Next > 1 && !c.Increment.FromZero {
		return fmt.Sprintf("%s (%d+%d)", s, c.Increment.Initial, rest)
	}
	return s
}

func (s *script) quote(d *datadriven.TestData) (string, error) {
	c, err := s.call(d)
	if err != nil {
		return "", err
	}
	q, err := s.tariff.Quote(c, rating.Exhausted{Tiers: s.used})
	if err != nil {
		return "", err
	}
	want, _ := strconv.ParseInt(arg(d, "want"), 10, 64)
	steps, _ := strconv.Atoi(arg(d, "steps"))
	var b strings.Builder
	fmt.Fprintf(&b, "%s a minute, connect %s\n", q.PerMinute(), q.ConnectFee())
	if amount := arg(d, "amount"); amount != "" {
		fit, err := q.Fit(money.MustParseAmount(amount), want)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s pays for %d s, which cost %s\n", amount, fit.Seconds, fit.Cost)
	}
	ladder, err := q.PriceSteps(want, steps)
	for _, l := range ladder {
		fmt.Fprintf(&b, "%6d s  %s\n", l.Seconds, l.Cost)
	}
	return b.String(), err
}

func (s *script) balance(d *datadriven.TestData) (string, error) {
	c, err := s.call(d)
	var b strings.Builder
	for _, l := range s.tariff.Balances(c, s.used) {
		fmt.Fprintf(&b, "%s: %d of %d %s left\n", l.Allowance, l.Left, l.Granted, l.Measure)
	}
	return b.String(), err
}
