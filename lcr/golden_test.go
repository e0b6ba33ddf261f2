package lcr_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/shopspring/decimal"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/rating"
)

// script runs one file of testdata, a conversation about routing. Each command but the last four adds to the world:
//
//	exchange            lines of FROM TO RATE [since=]
//	deck ID CURRENCY    lines of PREFIX rate= [connect= inc= min= grace= origin= from= till= blocked]
//	carriers            lines of ID [deck=]
//	gateways            lines of ID carrier= [priority= weight= max_calls= max_cps= debt_limit= caller_id= permitted= inactive],
//	                    and lines "to" or "from" with match= strip= add= set= for the gateway above
//	plan ID [inherit=]  lines of RULE policy= [to= from= tenants= branches= extensions= gateways= hours= zone= min_margin=
//	                    min_percent= tries= setup= continue quality=figure:value,...]; gateways=ID:weight or ID@priority,
//	                    ID(08:00-20:00) for its own hours
//	quality             lines of GATEWAY calls= answered= [prefix= effective= short= talk= pdd=]; replaces all figures
//	debts               lines of CARRIER AMOUNT; replaces all
//	live                lines of GATEWAY [locked= calls= cps=]; replaces all
//	route to= [from= plan= tenant= branch= extension= at= sale=AMOUNT:CURRENCY assumed= emergency dry]
//	share calls= ...    as route: how often each gateway comes first
//	rewrite NUMBER      lines of rules
//	hunt                lines of [status= cause= told silent], over the rules of "huntrules"
type script struct {
	parts    lcr.Parts
	decks    map[string]*lcr.Costs
	carriers map[string]string // Deck by carrier.
	live     map[string]lcr.GatewayState
	hunting  []lcr.HuntRule
}

func newScript() *script {
	return &script{
		parts: lcr.Parts{Rotations: new(lcr.Rotations), Measures: new(lcr.Measures)},
		decks: make(map[string]*lcr.Costs), carriers: make(map[string]string),
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		t.Helper()
		s := newScript()
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
	commands := map[string]func(*datadriven.TestData) (string, error){
		"exchange": s.exchange, "deck": s.deck, "carriers": s.setCarriers, "gateways": s.gateways, "plan": s.plan,
		"quality": s.quality, "debts": s.debts, "live": s.setLive, "route": s.route, "share": s.share,
		"rewrite": rewrite, "huntrules": s.huntRules, "hunt": s.hunt, "hours": hours,
	}
	command, ok := commands[d.Cmd]
	if !ok {
		t.Fatalf("there is no command %q", d.Cmd)
	}
	return command(d)
}

// line is a line of a command's input: words, and key=value pairs.
type line struct {
	words  []string
	values map[string]string
}

func (l line) has(word string) bool { return slices.Contains(l.words, word) }

func (l line) list(key string) []string {
	if l.values[key] == "" {
		return nil
	}
	return strings.Split(l.values[key], ",")
}

func (l line) number(key string) int {
	if l.values[key] == "" {
		return 0
	}
	n, err := strconv.Atoi(l.values[key])
	if err != nil {
		panic(err)
	}
	return n
}

func (l line) length(key string) time.Duration {
	if l.values[key] == "" {
		return 0
	}
	d, err := time.ParseDuration(l.values[key])
	if err != nil {
		panic(err)
	}
	return d
}

func (l line) moment(key string) time.Time {
	text := l.values[key]
	switch len(text) {
	case 0:
		return time.Time{}
	case len(time.DateOnly):
		text += "T00:00:00Z"
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func (l line) amount(key string) money.Amount {
	if l.values[key] == "" {
		return money.Amount{}
	}
	return money.MustParseAmount(l.values[key])
}

func parse(text string) line {
	l := line{values: make(map[string]string)}
	for field := range strings.FieldsSeq(text) {
		if key, value, ok := strings.Cut(field, "="); ok {
			l.values[key] = strings.ReplaceAll(value, "_", " ")
		} else {
			l.words = append(l.words, field)
		}
	}
	return l
}

func lines(d *datadriven.TestData) []line {
	var out []line
	for text := range strings.SplitSeq(strings.TrimSpace(d.Input), "\n") {
		if text != "" {
			out = append(out, parse(text))
		}
	}
	return out
}

// args reads the arguments of the command itself.
func args(d *datadriven.TestData) line { return parse(argText(d)) }

func argText(d *datadriven.TestData) string {
	var out []string
	for _, a := range d.CmdArgs {
		text := a.Key
		if len(a.Vals) > 0 {
			text += "=" + strings.Join(a.Vals, ",")
		}
		out = append(out, text)
	}
	return strings.Join(out, " ")
}

func (s *script) exchange(d *datadriven.TestData) (string, error) {
	s.parts.Exchange = nil
	for _, l := range lines(d) {
		s.parts.Exchange = append(s.parts.Exchange, money.ExchangeRate{
			From: money.MustParseCurrency(l.words[0]), To: money.MustParseCurrency(l.words[1]),
			Rate: decimal.RequireFromString(l.words[2]), Since: l.moment("since"),
		})
	}
	return "ok\n", nil
}

func (s *script) deck(d *datadriven.TestData) (string, error) {
	id := d.CmdArgs[0].Key
	b := rating.NewDeckBuilder(id+"@1", money.MustParseCurrency(d.CmdArgs[1].Key))
	for _, l := range lines(d) {
		r := rating.Rate{
			Prefix: e164.MustParsePrefix(l.words[0]), PerMinute: money.MustParseRate(l.values["rate"]),
			Origin: e164.MustParsePrefix(l.values["origin"]), From: l.moment("from"), Till: l.moment("till"),
		}
		r.ConnectFee, r.MinCharge, r.Grace, r.Blocked = l.amount("connect"), l.amount("min"), int32(l.number("grace")), l.has("blocked")
		if l.values["inc"] != "" {
			inc, err := rating.ParseIncrement(l.values["inc"])
			if err != nil {
				return "", err
			}
			r.Increment = inc
		}
		if err := b.Add(r); err != nil {
			return "", err
		}
	}
	deck, err := b.Build()
	if err != nil {
		return "", err
	}
	if s.decks[id], err = lcr.NewCosts(deck); err != nil {
		return "", err
	}
	return fmt.Sprintf("ok %d prefixes\n", deck.Prefixes()), nil
}

func (s *script) setCarriers(d *datadriven.TestData) (string, error) {
	for _, l := range lines(d) {
		s.carriers[l.words[0]] = l.values["deck"]
	}
	return "ok\n", nil
}

func (s *script) gateways(d *datadriven.TestData) (string, error) {
	for _, l := range lines(d) {
		switch l.words[0] {
		case "to", "from":
			g := &s.parts.Gateways[len(s.parts.Gateways)-1]
			if l.words[0] == "to" {
				g.To = append(g.To, numberRule(l))
			} else {
				g.From = append(g.From, numberRule(l))
			}
			continue
		}
		carrier := l.values["carrier"]
		g := lcr.Gateway{
			ID: l.words[0], Carrier: carrier, Deck: s.carriers[carrier], Costs: s.decks[s.carriers[carrier]], Inactive: l.has("inactive"),
			Priority: l.number("priority"), Weight: l.number("weight"), MaxCalls: l.number("max_calls"), MaxCPS: l.number("max_cps"),
			Permitted: l.list("permitted"), CallerID: l.values["caller_id"],
		}
		if l.values["debt_limit"] != "" {
			limit := l.amount("debt_limit")
			g.DebtLimit = &limit
		}
		s.parts.Gateways = append(s.parts.Gateways, g)
	}
	return "ok\n", nil
}

func numberRule(l line) lcr.NumberRule {
	return lcr.NumberRule{Match: l.values["match"], Strip: l.number("strip"), Add: l.values["add"], Set: l.values["set"]}
}

func (s *script) plan(d *datadriven.TestData) (string, error) {
	p := lcr.Plan{ID: d.CmdArgs[0].Key, Inherit: args(d).values["inherit"]}
	for _, l := range lines(d) {
		r, err := planRule(l)
		if err != nil {
			return "", err
		}
		p.Rules = append(p.Rules, r)
	}
	others := slices.DeleteFunc(slices.Clone(s.parts.Plans), func(old lcr.Plan) bool { return old.ID == p.ID })
	parts := s.parts
	parts.Plans = slices.Concat(others, []lcr.Plan{p})
	if _, err := lcr.NewWorld(parts); err != nil {
		return "", err
	}
	s.parts.Plans = parts.Plans
	return "ok\n", nil
}

func planRule(l line) (lcr.Rule, error) {
	r := lcr.Rule{
		ID: l.words[0], Tenants: l.list("tenants"), Branches: l.list("branches"), Extensions: l.list("extensions"),
		Policy: lcr.Policy(strings.ReplaceAll(l.values["policy"], " ", "_")), MaxTries: l.number("tries"),
		SetupTime: l.length("setup"), Continue: l.has("continue"),
	}
	for _, p := range l.list("to") {
		r.To = append(r.To, e164.MustParsePrefix(p))
	}
	for _, p := range l.list("from") {
		r.From = append(r.From, e164.MustParsePrefix(p))
	}
	var err error
	if text := l.values["hours"]; text != "" {
		if r.Hours, err = lcr.ParseHours(text, strings.ReplaceAll(l.values["zone"], " ", "_")); err != nil {
			return r, err
		}
	}
	if l.values["min_margin"] != "" {
		least := l.amount("min_margin")
		r.MinMargin = &least
	}
	if l.values["min_percent"] != "" {
		percent := l.number("min_percent")
		r.MinPct = &percent
	}
	if r.Quality, err = qualityGate(l.list("quality")); err != nil {
		return r, err
	}
	for _, text := range l.list("gateways") {
		target, err := planTarget(text)
		if err != nil {
			return r, err
		}
		r.Targets = append(r.Targets, target)
	}
	return r, nil
}

// planTarget reads "gw", "gw:30", "gw@2" or "gw(08:00-20:00)".
func planTarget(text string) (lcr.Target, error) {
	var out lcr.Target
	var err error
	if id, hours, ok := strings.Cut(text, "("); ok {
		out.Gateway = id
		out.Hours, err = lcr.ParseHours(strings.TrimSuffix(hours, ")"), "")
		return out, err
	}
	if id, n, ok := strings.Cut(text, ":"); ok {
		out.Gateway = id
		out.Weight, err = strconv.Atoi(n)
		return out, err
	}
	id, n, ok := strings.Cut(text, "@")
	out.Gateway = id
	if ok {
		out.Priority, err = strconv.Atoi(n)
	}
	return out, err
}

func qualityGate(parts []string) (*lcr.QualityGate, error) {
	if len(parts) == 0 {
		return nil, nil //nolint:nilnil // No gate.
	}
	q := &lcr.QualityGate{}
	for _, part := range parts {
		figure, value, _ := strings.Cut(part, ":")
		l := line{values: map[string]string{"n": strings.TrimRight(value, "ms"), "d": value}}
		switch figure {
		case "calls":
			q.MinCalls = int64(l.number("n"))
		case "asr":
			q.MinASR = int64(l.number("n"))
		case "ner":
			q.MinNER = int64(l.number("n"))
		case "acd":
			q.MinACD = l.length("d")
		case "pdd":
			q.MaxPDD = l.length("d")
		case "short":
			q.MaxShort = int64(l.number("n"))
		default:
			return nil, errors.New("no figure " + figure)
		}
	}
	return q, nil
}
