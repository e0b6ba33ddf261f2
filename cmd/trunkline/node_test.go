package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/internal/disk"
	"trunkline/sipproxy/agent"
)

// TestSystemRefusesAnotherFolderWithItsName: a second proxy on a folder of its own is told what to do, and nothing of what the first one holds is
// touched.
func TestSystemRefusesAnotherFolderWithItsName(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "1.5")
	s.start()
	s.apply()
	b := s.beside(nil)
	exe, err := os.Executable()
	require.NoError(t, err)
	second := exec.CommandContext(t.Context(), exe, "sipproxy")
	second.Env = append(append([]string{}, b.env...), "TRUNKLINE_DATA="+t.TempDir(), "TRUNKLINE_SIP_LISTEN=udp/"+freeAddress(t, "udp"))
	out, err := second.CombinedOutput()
	var failed *exec.ExitError
	require.ErrorAs(t, err, &failed, string(out))
	require.Equal(t, exitConflict, failed.ExitCode(), string(out))
	require.Contains(t, string(out), "trunkline node give-up other")
	require.Contains(t, string(out), "TRUNKLINE_NODE")
	list := s.must("node", "list", "--format", "csv")
	require.Equal(t, 3, strings.Count(list, "\n"), list)
}

// TestSystemSendsDamagedLegsAgain: a bit of a leg on the proxy's disk has flipped. It is shown, is sent when somebody has looked at it, and is settled
// with that.
func TestSystemSendsDamagedLegsAgain(t *testing.T) {
	t.Parallel()
	alfa := carrier(t, "alfa", agent.Behaviour{Status: 200})
	s := newSite(t, alfa.Addr().String(), alfa.Addr().String(), "1.5")
	s.start()
	s.apply()
	name, leg := damagedLeg(t, filepath.Join(s.dir, "var", "spool"))
	code, out := s.run("spool", "list")
	require.Equal(t, exitPartial, code, out)
	require.Contains(t, out, name)
	out = s.must("spool", "show", name)
	require.Contains(t, out, "UNSOUND")
	require.Contains(t, out, leg.ID())
	code, out = s.run("spool", "send", name, "--reason", "looked at")
	require.Equal(t, exitPartial, code, out)
	require.Contains(t, s.must("spool", "send", name, "--unsound", "--reason", "only the trace is hit"), "1 legs sent")
	require.NotContains(t, s.must("spool", "list"), name)
	require.Contains(t, s.must("node", "events"), "only the trace is hit")
	require.Eventually(t, func() bool {
		code, out := s.run("report", "cdr", "--call", leg.Call.String())
		return code == 0 && strings.Contains(out, "beauty-less")
	}, 30*time.Second, 200*time.Millisecond)
	code, _ = s.run("spool", "settle", "../node.json", "--reason", "x")
	require.Equal(t, exitUsage, code)
}

// damagedLeg puts a leg of which a bit has flipped into a spool, as it is kept aside, and returns the name of the file.
func damagedLeg(t *testing.T, dir string) (string, *cdr.Leg) {
	t.Helper()
	id, err := calls.NewID()
	require.NoError(t, err)
	now := clock.System{}.Now()
	leg := &cdr.Leg{
		Call: id, Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Tenant: "acme", Branch: "beauty-less",
		Setup: now, Disconnect: now, SIPStatus: 486, Trace: []byte(`{"candidates":[]}`),
	}
	made := t.TempDir()
	sp, err := spool.Open(spool.Config{Dir: made, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}, nobody{})
	require.NoError(t, err)
	require.NoError(t, sp.Record(t.Context(), []*cdr.Leg{leg}))
	require.NoError(t, sp.Close())
	files, err := filepath.Glob(filepath.Join(made, "*.legs"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	data, err := os.ReadFile(files[0])
	require.NoError(t, err)
	at := bytes.Index(data, []byte("candidates"))
	require.Positive(t, at)
	data[at] ^= 1
	name := filepath.Base(files[0]) + "@0.damaged"
	require.NoError(t, disk.Write(disk.OS{}, filepath.Join(dir, name), data))
	return name, leg
}

// nobody takes no legs.
type nobody struct{}

// Send implements spool.Sender.
func (nobody) Send(context.Context, []cdr.Envelope) error { return errors.New("nobody is there") }
