//go:build pbx

package sipproxy_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/internal/calls"
	"trunkline/sipproxy/agent"
)

// pbxFile sets rustpbx up: a trunk to us, a user, and routes by the number that was called. Words in angle brackets are addresses.
const pbxFile = `
http_addr = "127.0.0.9:<http>"
log_level = "info"
database_url = "sqlite://<dir>/pbx.sqlite3"
rtp_start_port = 22000
rtp_end_port = 22400

[proxy]
modules = ["acl", "auth", "registrar", "call"]
addr = "127.0.0.9"
udp_port = <port>
media_proxy = "none"
generated_dir = "<dir>/config"
routes_files = []
trunks_files = []
acl_rules = ["allow all"]
ensure_user = false
session_timer = false

[[proxy.user_backends]]
type = "memory"
users = [{ username = "bob", password = "123456" }]

[proxy.trunks.trunkline]
dest = "sip:<us>"
transport = "udp"
inbound_hosts = ["127.0.0.1"]

[[proxy.routes]]
name = "did"
priority = 10
match = { "to.user" = "^\\+?4930111050$" }
rewrite = { "to.user" = "bob", "to.host" = "localhost" }

[[proxy.routes]]
name = "out"
priority = 20
dest = "trunkline"
match = { "to.user" = "^00.+$" }
`

func freePort(t *testing.T, network, host string) int {
	t.Helper()
	if network == "udp" {
		c, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", host+":0")
		require.NoError(t, err)
		defer c.Close()
		return int(netip.MustParseAddrPort(c.LocalAddr().String()).Port())
	}
	c, err := new(net.ListenConfig).Listen(t.Context(), "tcp", host+":0")
	require.NoError(t, err)
	defer c.Close()
	return int(netip.MustParseAddrPort(c.Addr().String()).Port())
}

// pbx starts rustpbx, a PBX that no one here wrote, at 127.0.0.9.
func (o *out) pbx(port int) {
	o.t.Helper()
	binary := os.Getenv("TRUNKLINE_TEST_RUSTPBX")
	require.NotEmpty(o.t, binary, "TRUNKLINE_TEST_RUSTPBX names the binary: make test-pbx")
	dir := o.t.TempDir()
	conf := strings.NewReplacer("<dir>", dir, "<port>", fmt.Sprint(port), "<us>", o.addr().String(), "<http>", fmt.Sprint(freePort(o.t, "tcp", "127.0.0.9"))).Replace(pbxFile)
	require.NoError(o.t, os.WriteFile(filepath.Join(dir, "pbx.toml"), []byte(conf), 0o600))
	log, err := os.Create(filepath.Join(dir, "pbx.log"))
	require.NoError(o.t, err)
	cmd := exec.CommandContext(context.WithoutCancel(o.t.Context()), binary, "--conf", filepath.Join(dir, "pbx.toml"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	require.NoError(o.t, cmd.Start())
	o.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if o.t.Failed() {
			said, _ := os.ReadFile(log.Name())
			o.t.Logf("%s", said[max(0, len(said)-6000):])
		}
	})
}

// TestRustPBX has a PBX as the other end of a trunk: a number leads to it and rings the user that it has for it; its user calls out.
func TestRustPBX(t *testing.T) {
	o := &out{house: newHouse(t)}
	port := freePort(t, "udp", "127.0.0.9")
	file := strings.Replace(houseFile, "    numbers:\n      - {number: \"+4930111001\"", fmt.Sprintf(`    trunks:
      - {id: pbx, branch: hq, sources: ["127.0.0.9"], address: "127.0.0.9:%d", to_rules: [{add: "+"}], probe: 1s, max_calls: 5}
    numbers:
      - {number: "+4930111050", branch: hq, trunk: pbx}
      - {number: "+4930111001"`, port), 1)
	o.live.Swap(o.snapshot(file))
	for _, gw := range []*agent.Agent{o.gw1, o.gw2} {
		gw.OnCall(func(agent.Incoming) agent.Behaviour {
			o.reached.Add(1)
			return agent.Behaviour{Status: 200}
		})
	}
	o.open()
	o.pbx(port)
	bob := o.agentAt("bob", "127.0.0.20")
	account := agent.Account{Proxy: netip.MustParseAddrPort(fmt.Sprintf("127.0.0.9:%d", port)), Realm: "127.0.0.9", Login: "bob", Password: "123456"}
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		status, err := bob.Register(ctx, account, 300)
		return err == nil && status == 200
	}, 30*time.Second, 200*time.Millisecond, "the PBX is up")

	// Its health is seen by OPTIONS.
	require.Eventually(t, func() bool {
		for _, g := range o.proxy.Gateways() {
			if g.ID == "trunk/alpha/pbx" {
				return !g.Locked && g.Failures == 0
			}
		}
		return false
	}, 20*time.Second, 100*time.Millisecond)

	// In: a number of the client's, from a carrier.
	seen := make(chan agent.Incoming, 1)
	bob.OnCall(func(in agent.Incoming) agent.Behaviour {
		seen <- in
		return agent.Behaviour{Status: 200}
	})
	l := o.inbound("+4930111050")
	require.Equal(t, 200, l.final())
	in := <-seen
	require.Equal(t, "+4420999", in.From, "he sees who calls")
	time.Sleep(1100 * time.Millisecond)
	l.request("BYE", "")
	legs := o.record()
	require.Len(t, legs, 2)
	require.Equal(t, calls.Inbound, legs[0].Direction)
	require.Equal(t, "alpha", legs[0].Tenant)
	require.GreaterOrEqual(t, legs[0].Duration(), time.Second)
	priced(t, legs)
	o.carrierIs(0)

	// Out: its user dials through it, and we know it by its address.
	outcome, err := bob.Dial(t.Context(), account, agent.Call{To: "004420111", Talk: 1100 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 200, outcome.Status)
	legs = o.record()
	require.Equal(t, calls.Outbound, legs[0].Direction)
	require.Equal(t, "hq", legs[0].Branch)
	require.True(t, legs[0].Reserved)
	priced(t, legs)
	o.carrierIs(1)
}
