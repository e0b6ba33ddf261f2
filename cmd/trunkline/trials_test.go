package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/clock"
	"trunkline/sipproxy/agent"
)

// TestSystemEndsTrials: a client whose trial has ended goes to the tariff that follows, or is stopped, once: who is let call again after
// that is not stopped again.
func TestSystemEndsTrials(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "5")
	trial := func(name, then string) {
		require.NoError(t, os.WriteFile(filepath.Join(s.dir, name+".yaml"), []byte("name: "+name+"\ncurrency: EUR\ndecks:\n  - name: world\n"+
			"    defaults: {increment: 1/1}\n    rates: [{prefix: \"49\", rate: 6}]\ntrial: {until: days >= 7 since start, "+then+"}\n"), 0o600))
	}
	trial("test", "then: switch, tariff: retail")
	trial("stop", "then: stop")
	s.change("  - {id: retail, file: retail.yaml}", "  - {id: retail, file: retail.yaml}\n  - {id: test, file: test.yaml}\n  - {id: stop, file: stop.yaml}")
	s.change("currency: EUR\n    tariff: retail\n    dial_plan: plain\n    account: {mode: postpaid", "currency: EUR\n    tariff: test\n    dial_plan: plain\n    account: {mode: postpaid")
	s.change("currency: EUR\n    tariff: retail\n    dial_plan: plain\n    account: {mode: prepaid", "currency: EUR\n    tariff: stop\n    dial_plan: plain\n    account: {mode: prepaid")
	s.start()
	s.apply()
	since := clock.System{}.Now().AddDate(0, 0, -8).Format(time.DateOnly)
	profiles := filepath.Join(s.dir, "billing.yaml")
	require.NoError(t, os.WriteFile(profiles, []byte("tenant: acme\nsince: "+since+"\n---\ntenant: poor\nsince: "+since+"\n"), 0o600))
	s.must("invoice", "profile", "apply", "-f", profiles)
	dial := func(login string) int {
		out, err := phone(t).Dial(t.Context(), s.account(login), agent.Call{To: "+49301234567", Talk: 50 * time.Millisecond})
		require.NoError(t, err)
		return out.Status
	}
	require.Equal(t, 200, dial("poor-201"))
	s.kill()
	s.start()
	require.Eventually(t, func() bool { return dial("poor-201") >= 400 }, 20*time.Second, 300*time.Millisecond, "the trial is over")
	require.Contains(t, s.must("account", "list"), "the trial of tariff stop has ended (days")
	require.Equal(t, 200, dial("acme-101"))
	require.Contains(t, s.must("apply", "-f", filepath.Join(s.dir, "operator.yaml")), "kept    tenant/acme", "he is on another tariff now")
	s.must("account", "resume", "--tenant", "poor", "--reason", "he has paid")
	s.kill()
	s.start()
	time.Sleep(2 * time.Second) // In which it would have been stopped again.
	require.Equal(t, 200, dial("poor-201"))
}
