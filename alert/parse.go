package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/ledger"
)

// ErrRules is returned, wrapped, for a file of rules that cannot be used.
var ErrRules = errors.New("the rules cannot be used")

const (
	defaultWindow = time.Hour
	maxWindow     = 31 * 24 * time.Hour
	maxRules      = 1000
)

// Parse reads a file of rules. Unknown keys are errors; every fault is named with its place and its remedy.
func Parse(data []byte) (*Rules, error) {
	var r Rules
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&r); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrRules, err)
	}
	for i := range r.Rules {
		r.Rules[i].complete()
	}
	c := checker{rules: &r, word: regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)}
	return &r, c.check()
}

func (r *Rule) complete() {
	if r.By == "" {
		r.By = ledger.TenantScope
	}
	if r.Window == 0 && r.Measure.overCalls() {
		r.Window = defaultWindow
	}
	if r.Of == "" && r.Measure == Spike {
		r.Of = Spend
	}
}

// checker collects what is wrong.
type checker struct {
	rules *Rules
	word  *regexp.Regexp
	err   error
}

func (c *checker) add(at, fault, remedy string) {
	c.err = errors.Join(c.err, fmt.Errorf("%w: %s %s: %s", ErrRules, at, fault, remedy))
}

func (c *checker) check() error {
	if len(c.rules.Rules) > maxRules {
		c.add("rules", fmt.Sprintf("are %d", len(c.rules.Rules)), fmt.Sprintf("at most %d", maxRules))
	}
	seen := make(map[string]bool)
	for i := range c.rules.Channels {
		ch, at := &c.rules.Channels[i], fmt.Sprintf("channels[%d]", i)
		c.id(at, "channel "+ch.ID, ch.ID, seen)
		c.channel(at, ch)
	}
	for i := range c.rules.Rules {
		r, at := &c.rules.Rules[i], fmt.Sprintf("rules[%d]", i)
		c.id(at, "rule "+r.ID, r.ID, seen)
		c.rule(at, r)
		c.actions(at, r)
	}
	for i := range c.rules.Events {
		c.subscription(fmt.Sprintf("events[%d]", i), &c.rules.Events[i])
	}
	return c.err
}

func (c *checker) id(at, key, id string, seen map[string]bool) {
	if !c.word.MatchString(id) {
		c.add(at+".id", fmt.Sprintf("%q is no id", id), "use lower-case letters, digits, -, _ and .")
	}
	if seen[key] {
		c.add(at+".id", fmt.Sprintf("%q is there twice", id), "give each its own")
	}
	seen[key] = true
}

func (c *checker) channel(at string, ch *Channel) {
	if (ch.Webhook == "") == (len(ch.Mail) == 0) {
		c.add(at, "leads nowhere or to two places", "give webhook or mail")
	}
	if ch.Webhook != "" {
		u, err := url.Parse(ch.Webhook)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			c.add(at+".webhook", "is no URL", "give one such as https://ops.example.com/trunkline")
		}
		if len(ch.Secret) < 16 {
			c.add(at+".secret", "is shorter than 16 characters", "give a long random one; it signs the messages")
		}
	}
	for _, m := range ch.Mail {
		if _, err := mail.ParseAddress(m); err != nil {
			c.add(at+".mail", fmt.Sprintf("%q is no address", m), "give one such as noc@example.com")
		}
	}
}

func (c *checker) rule(at string, r *Rule) {
	switch r.Measure {
	case Balance, Left, CapPercent, Spend, Minutes, Calls, Sequential, Spike, Unrated:
	default:
		c.add(at+".measure", fmt.Sprintf("%q is unknown", r.Measure), "use balance, left, cap, spend, minutes, calls, sequential, spike or unrated")
	}
	c.subject(at, r)
	if (r.Above == nil) == (r.Below == nil) {
		c.add(at, "has no threshold, or two", "give above or below")
	} else if r.Clear != nil && (r.Above != nil && r.Above.Less(*r.Clear) || r.Below != nil && r.Clear.Less(*r.Below)) {
		c.add(at+".clear", "lies beyond the threshold", "give a value on the side where all is well")
	}
	if r.Of != "" && (r.Measure != Spike || r.Of != Spend && r.Of != Minutes && r.Of != Calls) {
		c.add(at+".of", fmt.Sprintf("%q does not fit", r.Of), "use spend, minutes or calls, of a spike")
	}
}

// subject checks what a rule is measured over.
func (c *checker) subject(at string, r *Rule) {
	if _, err := ledger.ParseScope(string(r.By)); err != nil {
		c.add(at+".by", err.Error(), "use tenant, branch or extension")
	}
	if r.By != ledger.TenantScope && !r.Measure.overCalls() && r.Measure != CapPercent {
		c.add(at+".by", fmt.Sprintf("%s has no %s", r.By, r.Measure), "leave it out")
	}
	if r.Window < 0 || r.Window > maxWindow {
		c.add(at+".window", r.Window.String()+" is out of bounds", "give up to 744h")
	}
	if (len(r.Prefixes) > 0 || r.Risky || r.Window != 0) && !r.Measure.overCalls() {
		c.add(at, "has a window or prefixes, and "+string(r.Measure)+" is not measured over calls", "leave them out")
	}
	for _, p := range r.Prefixes {
		if !digits(p) {
			c.add(at+".prefixes", fmt.Sprintf("%q is no prefix", p), "use digits with the country code, such as 882")
		}
	}
}

func digits(s string) bool {
	for _, d := range s {
		if d < '0' || d > '9' {
			return false
		}
	}
	return s != ""
}

func (c *checker) actions(at string, r *Rule) {
	if len(r.Notify) == 0 && r.Block == "" && r.Lower == nil {
		c.add(at, "does nothing", "give notify, block or lower")
	}
	for _, id := range r.Notify {
		if _, ok := c.rules.Channel(id); !ok {
			c.add(at+".notify", fmt.Sprintf("there is no channel %q", id), "declare it under channels")
		}
	}
	switch r.Block {
	case "", "tenant":
	case string(ledger.BranchScope), string(ledger.ExtensionScope):
		if string(r.By) != r.Block {
			c.add(at+".block", fmt.Sprintf("%s, and the rule is by %s", r.Block, r.By), "set by to the same")
		}
	case string(ledger.DestinationScope):
		if len(r.Prefixes) == 0 && !r.Risky {
			c.add(at+".block", "destination, and the rule names none", "give prefixes, or risky: true")
		}
	default:
		c.add(at+".block", fmt.Sprintf("%q cannot be blocked", r.Block), "use tenant, branch, extension or destination")
	}
	if r.Lower != nil {
		if _, err := ledger.ParsePeriod(string(r.Lower.Period)); err != nil {
			c.add(at+".lower.period", err.Error(), "use day, week or month")
		}
		if r.Lower.Caps().IsZero() || r.Lower.Caps().Negative() {
			c.add(at+".lower", "has no cap, or one below zero", "give money, seconds or calls")
		}
	}
	if r.Measure == Unrated && (r.Block != "" || r.Lower != nil) {
		c.add(at, "stops a client for what is ours to mend", "unrated can only notify")
	}
}
