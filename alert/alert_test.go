package alert_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"trunkline/alert"
	"trunkline/internal/clock"
	"trunkline/internal/money"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rules = `
channels:
  - {id: ops, webhook: "http://127.0.0.1:1/hook", secret: "0123456789abcdef"}
  - {id: boss, mail: [boss@example.com]}
rules:
  - {id: low, tenant: beauty, measure: balance, below: "100", clear: "150", notify: [ops, boss]}
  - {id: run, measure: sequential, by: extension, above: "9", window: 10m, notify: [ops], block: extension}
  - {id: risky, measure: minutes, risky: true, above: "30", block: destination}
  - {id: spike, measure: spike, of: minutes, above: "3", least: "60", lower: {period: day, money: "50"}}
`

func TestRulesAreRead(t *testing.T) {
	r, err := alert.Parse([]byte(rules))
	require.NoError(t, err)
	require.Len(t, r.Rules, 4)
	require.Equal(t, time.Hour, r.Rules[2].Window)
	_, err = alert.Parse(nil)
	require.NoError(t, err, "no rules at all")
	for fault, text := range map[string]string{
		"field colour not found": "rules: [{id: a, colour: red}]",
		"is no id":               "rules: [{id: A b, measure: spend, above: 1, block: tenant}]",
		"is unknown":             "rules: [{id: a, measure: luck, above: 1, block: tenant}]",
		"has no threshold":       "rules: [{id: a, measure: spend, block: tenant}]",
		"lies beyond":            "rules: [{id: a, measure: spend, above: 1, clear: 2, block: tenant}]",
		"does nothing":           "rules: [{id: a, measure: spend, above: 1}]",
		"there is no channel":    "rules: [{id: a, measure: spend, above: 1, notify: [ops]}]",
		"set by to the same":     "rules: [{id: a, measure: spend, above: 1, block: extension}]",
		"names none":             "rules: [{id: a, measure: spend, above: 1, block: destination}]",
		"is there twice":         "rules: [{id: a, measure: spend, above: 1, block: tenant}, {id: a, measure: spend, above: 1, block: tenant}]",
		"leave it out":           "rules: [{id: a, measure: balance, by: branch, above: 1, block: tenant}]",
		"not measured over":      "rules: [{id: a, measure: balance, window: 1h, above: 1, block: tenant}]",
		"is no prefix":           "rules: [{id: a, measure: spend, prefixes: [x], above: 1, block: tenant}]",
		"can only notify":        "rules: [{id: a, measure: unrated, above: 1, block: tenant}]",
		"has no cap":             "rules: [{id: a, measure: spend, above: 1, lower: {period: day}}]",
		"leads nowhere":          "channels: [{id: a}]",
		"16 characters":          "channels: [{id: a, webhook: \"http://x\", secret: short}]",
		"is no address":          "channels: [{id: a, mail: [nobody]}]",
	} {
		_, err := alert.Parse([]byte(text))
		require.ErrorIs(t, err, alert.ErrRules, text)
		require.ErrorContains(t, err, fault)
	}
}

// memory is a Source, Book and Actor.
type memory struct {
	values map[string]money.Amount // By rule and tenant.
	open   []alert.Alarm
	log    []string
}

func (m *memory) Readings(_ context.Context, r *alert.Rule, _ time.Time) ([]alert.Reading, error) {
	if v, ok := m.values[r.ID]; ok {
		return []alert.Reading{{Tenant: "beauty", Owner: "101", Value: v}}, nil
	}
	return nil, nil
}

func (m *memory) Open(context.Context) ([]alert.Alarm, error) { return m.open, nil }

func (m *memory) Fire(_ context.Context, a alert.Alarm, channels []string) error {
	m.open = append(m.open, a)
	m.log = append(m.log, "fire "+a.Rule+" to "+strings.Join(channels, ",")+": "+a.Text)
	return nil
}

func (m *memory) Clear(_ context.Context, a alert.Alarm, _ []string) error {
	m.open = nil
	m.log = append(m.log, "clear "+a.Rule+": "+a.Text)
	return nil
}

func (m *memory) Act(_ context.Context, r *alert.Rule, at alert.Reading) (string, error) {
	if r.Block == "" {
		return "", nil
	}
	return r.Block + " " + at.Owner + " blocked", nil
}

// TestAlertsFireAndClear lets values cross their thresholds: once each way, with room between both.
func TestAlertsFireAndClear(t *testing.T) {
	r, err := alert.Parse([]byte(rules))
	require.NoError(t, err)
	m := &memory{values: map[string]money.Amount{}}
	e := alert.Evaluator{Source: m, Book: m, Actor: m, Clock: clock.NewManual(time.Unix(1.7e9, 0)), Log: slog.New(slog.DiscardHandler)}
	step := func(rule, value string) []string {
		m.log = nil
		m.values[rule] = money.MustParseAmount(value)
		require.NoError(t, e.Evaluate(t.Context(), r))
		return m.log
	}
	require.Empty(t, step("low", "100"))
	require.Equal(t, []string{"fire low to ops,boss: tenant beauty, tenant 101: balance is 99.99, below 100."}, step("low", "99.99"))
	require.Empty(t, step("low", "50"), "it fires already")
	require.Empty(t, step("low", "120"), "it clears at 150")
	require.Equal(t, []string{"clear low: tenant beauty, tenant 101: balance is 150. It is over."}, step("low", "150"))
	require.Equal(t, []string{"fire run to ops: tenant beauty, extension 101: sequential of 10m0s is 12, above 9. Done: extension 101 blocked."}, step("run", "12"))
	delete(m.values, "run")
	require.Len(t, step("low", "200"), 1, "no calls at all are none in sequence")
	require.Len(t, step("run", "12"), 1)
	r.Rules = r.Rules[:1]
	require.Equal(t, []string{"clear run: The rule was taken away."}, step("low", "200"))
}

func TestLongestRun(t *testing.T) {
	require.Zero(t, alert.LongestRun(nil))
	require.Equal(t, int64(3), alert.LongestRun([]string{"49302", "77", "49301", "x", "49303", "49303", "49305"}))
	rapid.Check(t, func(t *rapid.T) {
		start, n := rapid.Uint64Range(1, 1e12).Draw(t, "start"), rapid.Int64Range(1, 50).Draw(t, "n")
		var list []string
		for i := range n {
			list = append(list, strconv.FormatUint(start+uint64(i), 10))
		}
		require.Equal(t, n, alert.LongestRun(rapid.Permutation(list).Draw(t, "order")))
	})
}

func TestSpikes(t *testing.T) {
	a := money.MustParseAmount
	for _, c := range []struct {
		value  string
		former []string
		least  string
		want   string
	}{
		{"100", []string{"10", "20", "30", "40"}, "0", "4"},
		{"100", nil, "20", "5"},
		{"2", nil, "0", "2"},
		{"100", []string{"0", "0", "0", "0"}, "0", "100"},
		{"19", []string{"1", "1", "1", "1"}, "20", "0"},
		{"0", []string{"1"}, "0", "0"},
	} {
		var former []money.Amount
		for _, f := range c.former {
			former = append(former, a(f))
		}
		got, err := alert.SpikeOf(a(c.value), former, a(c.least))
		require.NoError(t, err)
		require.Equal(t, c.want, got.String(), c)
	}
}

// outbox keeps one letter.
type outbox struct {
	letter *alert.Letter
	cause  string
	again  time.Time
}

func (o *outbox) Due(context.Context, int) ([]alert.Letter, error) {
	if o.letter == nil {
		return nil, nil
	}
	return []alert.Letter{*o.letter}, nil
}

func (o *outbox) Sent(context.Context, int64) error { o.letter = nil; return nil }

func (o *outbox) Failed(_ context.Context, _ int64, cause string, again time.Time) error {
	o.letter.Tries++
	o.cause, o.again = cause, again
	return nil
}

// TestFailuresDoNotTellAddresses keeps the address of a webhook out of what everybody reads who reads alerts: it may be a secret in itself.
func TestFailuresDoNotTellAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1:1/hooks/geheim", "http://geheim.invalid:1/", "http://127.0.0.1:1/\x7fgeheim"} {
		r := &alert.Rules{Channels: []alert.Channel{{ID: "ops", Webhook: address, Secret: "0123456789abcdef"}}}
		c := clock.NewManual(time.Unix(1.7e9, 0))
		o := &outbox{letter: &alert.Letter{Channel: "ops", Message: alert.Message{Delivery: 7, Text: "text"}}}
		courier := alert.Courier{Outbox: o, Sender: alert.NewSender(alert.SMTP{}, c), Clock: c, Log: slog.New(slog.DiscardHandler)}
		_, err := courier.Deliver(t.Context(), r)
		require.NoError(t, err)
		require.Contains(t, o.cause, "webhook ops")
		require.NotContains(t, o.cause, "/geheim")
		require.NotContains(t, o.cause, "hooks")
	}
}

// TestWebhooksAreSigned sends a message to a receiver that checks it, after it refused it once.
func TestWebhooksAreSigned(t *testing.T) {
	c := clock.NewManual(time.Unix(1.7e9, 0))
	const secret = "0123456789abcdef"
	status := http.StatusInternalServerError
	var got alert.Message
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Trunkline-Signature") != alert.Signature(secret, c.Now(), body) || json.Unmarshal(body, &got) != nil {
			status = http.StatusForbidden
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte("not now"))
	}))
	defer server.Close()
	r := &alert.Rules{Channels: []alert.Channel{{ID: "ops", Webhook: server.URL, Secret: secret}}}
	o := &outbox{letter: &alert.Letter{Channel: "ops", Message: alert.Message{Delivery: 7, State: "fires", Rule: "low", Text: "text"}}}
	courier := alert.Courier{Outbox: o, Sender: alert.NewSender(alert.SMTP{}, c), Clock: c, Log: slog.New(slog.DiscardHandler)}
	for tries := range alert.Tries - 1 {
		n, err := courier.Deliver(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, tries+1, o.letter.Tries)
		require.Contains(t, o.cause, "not now")
		require.True(t, o.again.After(c.Now()))
	}
	_, err := courier.Deliver(t.Context(), r)
	require.NoError(t, err)
	require.True(t, o.again.IsZero(), "it is given up")
	status = http.StatusNoContent
	_, err = courier.Deliver(t.Context(), r)
	require.NoError(t, err)
	require.Nil(t, o.letter)
	require.Equal(t, int64(7), got.Delivery)
	o.letter = &alert.Letter{Channel: "gone"}
	_, err = courier.Deliver(t.Context(), r)
	require.NoError(t, err)
	require.Contains(t, o.cause, "there is no channel")
}
