//go:build sipp

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/agent"
)

// softphone is a baresip that runs with what a test gives it.
type softphone struct {
	cmd     *exec.Cmd
	console string // Where it takes commands.
	mu      sync.Mutex
	out     bytes.Buffer
}

func (p *softphone) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *softphone) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// baresip starts a real phone with an account of the site; commands are those of its menu, such as "/dial 102".
func (s *site) baresip(extension, transport string, commands ...string) *softphone {
	s.t.Helper()
	path, err := exec.LookPath("baresip")
	require.NoError(s.t, err, "baresip is not installed: run make test-sipp")
	dir, console := s.t.TempDir(), freeAddress(s.t, "udp")
	write := func(name, text string) {
		require.NoError(s.t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("config", "module_path /usr/lib/baresip/modules\nsip_listen 127.0.0.1:0\naudio_player aubridge,nil\naudio_source aubridge,nil\n"+
		"audio_alert aubridge,nil\nmodule g711.so\nmodule aubridge.so\nmodule_app account.so\nmodule_app menu.so\n"+
		"module cons.so\ncons_listen "+console+"\n")
	write("accounts", fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=secret;regint=60;answermode=auto\n", extension, s.sip, transport, extension))
	write("contacts", "")
	args := []string{"-4", "-f", dir}
	for _, c := range commands {
		args = append(args, "-e", c)
	}
	p := &softphone{cmd: exec.Command(path, args...), console: console}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	require.NoError(s.t, p.cmd.Start())
	s.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// command has the phone carry a command of its menu out.
func (p *softphone) command(t *testing.T, text string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "udp", p.console)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte(text + "\n"))
	require.NoError(t, err)
}

// TestBaresipTransfersACall: a real phone calls a colleague, who is transferred to a number outside, and leaves; the other two go
// on, one of whom is a real phone too. The phone that transferred pays for the call outside.
func TestBaresipTransfersACall(t *testing.T) {
	answered := make(chan struct{}, 1)
	beta := carrier(t, "beta", agent.Behaviour{})
	beta.OnCall(func(agent.Incoming) agent.Behaviour {
		answered <- struct{}{}
		return agent.Behaviour{Status: 200, Ring: 300 * time.Millisecond, Talk: 3 * time.Second}
	})
	s := newSite(t, beta.Addr().String(), beta.Addr().String(), "10")
	s.env = append(s.env, "TRUNKLINE_SIP_REFER=follow")
	s.start()
	s.apply()
	colleague := s.baresip("acme-102", "tcp")
	require.Eventually(t, func() bool { return strings.Contains(s.must("status"), "2 registered") }, 20*time.Second, 300*time.Millisecond)
	boss := s.baresip("acme-103", "udp", "/dial sip:102@"+s.sip.String())
	require.Eventually(t, func() bool { return strings.Contains(boss.said(), "Call established") }, 20*time.Second, 200*time.Millisecond, boss.said())
	boss.command(t, "/transfer sip:+49301234567@"+s.sip.String())
	select {
	case <-answered:
	case <-time.After(20 * time.Second):
		t.Fatal(boss.said(), colleague.said())
	}
	require.Eventually(t, func() bool { return strings.Count(s.must("status"), "answered") >= 2 }, 10*time.Second, 200*time.Millisecond,
		"both calls go on: %s", s.must("status"))
	rows := s.records(4)
	paid := 0
	for _, row := range rows {
		if row["direction"] == "outbound" && row["kind"] == "ingress" {
			paid++
			require.Equal(t, "103", row["extension"], "%v", row)
			require.NotEqual(t, "0", row["billed"])
		}
	}
	require.Equal(t, 1, paid, "%v", rows)
	s.sums()
}

// TestBaresipRegistersCallsAndIsCalled with real phones, over UDP and TCP.
func TestBaresipRegistersCallsAndIsCalled(t *testing.T) {
	beta := carrier(t, "beta", agent.Behaviour{Status: 200})
	s := newSite(t, beta.Addr().String(), beta.Addr().String(), "10")
	s.start()
	s.apply()
	callee := s.baresip("acme-102", "tcp")
	caller := s.baresip("acme-103", "udp")
	registered := func() bool { return strings.Contains(s.must("status"), "3 registered") }
	if !assert.Eventually(t, registered, 20*time.Second, 300*time.Millisecond) {
		t.Fatal(s.must("status"), callee.said(), caller.said())
	}

	// A phone of ours calls baresip, which answers by itself.
	out, err := phone(t).Dial(t.Context(), s.account("acme-101"), agent.Call{To: "102", Talk: time.Second})
	require.NoError(t, err)
	require.Equal(t, 200, out.Status, callee.said())

	// baresip calls baresip, and a number outside.
	for _, to := range []string{"102", "+49301234567"} {
		before := len(s.rows())
		p := s.baresip("acme-103", "udp", "/dial sip:"+to+"@"+s.sip.String())
		require.Eventually(t, func() bool { return strings.Contains(p.said(), "Call established") }, 20*time.Second, 200*time.Millisecond, p.said())
		require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
		require.Eventually(t, func() bool { return len(s.rows()) >= before+2 }, 30*time.Second, 300*time.Millisecond, "it hung up, and both legs are there")
	}
	s.sums()
}

// rows are the legs that are visible now.
func (s *site) rows() []string {
	_, out := s.run("report", "cdr", "--format", "csv")
	return strings.Split(strings.TrimSpace(out), "\n")[1:]
}

// tool runs one of sipvicious' tools for some seconds and returns what it said.
func (s *site) tool(name string, args ...string) string {
	s.t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(s.t, err, "sipvicious is not installed: run make test-sipp")
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.Env = s.t.TempDir(), append(os.Environ(), "HOME="+s.t.TempDir())
	out, _ := cmd.CombinedOutput() // It ends with an error where it finds nothing.
	return string(out)
}

// TestScannersLearnNothing: sipvicious cannot tell which extensions exist, and does not find a password that it tries late.
func TestScannersLearnNothing(t *testing.T) {
	beta := carrier(t, "beta", agent.Behaviour{Status: 200})
	s := newSite(t, beta.Addr().String(), beta.Addr().String(), "10")
	s.start()
	s.apply()
	host, port, _ := strings.Cut(s.sip.String(), ":")
	found := s.tool("svmap", "-p", port, host)
	require.Contains(t, found, s.sip.String(), "there is something that speaks SIP: %s", found)

	dictionary := filepath.Join(t.TempDir(), "names")
	require.NoError(t, os.WriteFile(dictionary, []byte("acme-101\nacme-102\nacme-999\nnobody\n"), 0o600))
	for _, method := range []string{"REGISTER", "INVITE"} {
		out := s.tool("svwar", "--force", "-m", method, "-d", dictionary, "-p", port, host)
		verdict := regexp.MustCompile(`\| (acme-101|acme-102|acme-999|nobody) +\| (\w+)`).FindAllStringSubmatch(out, -1)
		kinds := make(map[string]bool)
		for _, v := range verdict {
			kinds[v[2]] = true
		}
		require.LessOrEqual(t, len(kinds), 1, "%s: extensions that exist look like others:\n%s", method, out)
		require.Contains(t, []int{0, 4}, len(verdict), "%s: all or none are listed:\n%s", method, out)
	}

	var words strings.Builder
	for i := range 60 {
		fmt.Fprintf(&words, "wrong-%d\n", i)
	}
	words.WriteString("secret\n")
	require.NoError(t, os.WriteFile(dictionary, []byte(words.String()), 0o600))
	out := s.tool("svcrack", "-u", "acme-101", "-d", dictionary, "-p", port, host)
	require.NotRegexp(t, `\| +secret`, out, "the source was locked before the right one came")
}

const kamailioConfig = `#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
dns=no
rev_dns=no
listen=udp:%s
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "maxfwd.so"
request_route {
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
	if (has_totag()) {
		if (loose_route()) { t_relay(); exit; }
		if (is_method("ACK") && t_check_trans()) t_relay();
		exit;
	}
	record_route();
	$du = "sip:%s";
	t_relay();
}
`

// TestCallThroughKamailio: the carrier's proxy stays in the dialog by Record-Route; both sides can hang up through it.
func TestCallThroughKamailio(t *testing.T) {
	path, err := exec.LookPath("kamailio")
	require.NoError(t, err, "Kamailio is not installed: run make test-sipp")
	for name, b := range map[string]agent.Behaviour{
		"the caller hangs up": {Status: 200},
		"the callee hangs up": {Status: 200, Talk: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			beta := carrier(t, "beta", b)
			proxy := "127.0.3.9:" + port(t)
			config := filepath.Join(t.TempDir(), "kamailio.cfg")
			require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, kamailioConfig, proxy, beta.Addr()), 0o600))
			cmd := exec.Command(path, "-f", config, "-DD", "-E", "-m", "32", "-M", "4")
			var said bytes.Buffer
			cmd.Stderr, cmd.WaitDelay = &said, 2*time.Second // Its children hold the pipe.
			require.NoError(t, cmd.Start())
			t.Cleanup(func() {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				_ = cmd.Wait()
				if t.Failed() {
					t.Log(said.String())
				}
			})
			s := newSite(t, proxy, proxy, "10")
			s.start()
			s.apply()
			call := agent.Call{To: "+49301234567", Hold: 300 * time.Millisecond}
			if b.Talk == 0 {
				call.Talk = time.Second
			}
			out, err := phone(t).Dial(t.Context(), s.account("acme-101"), call)
			require.NoError(t, err)
			require.Equal(t, 200, out.Status)
			require.Equal(t, b.Talk > 0, out.ByCallee)
			for _, row := range s.records(2) {
				require.Equal(t, "2", row["billed"], "the other side heard of the end at once: %v", row)
			}
			s.sums()
		})
	}
}
