package terminal_test

import (
	"io"
	"testing"
	"time"

	"trunkline/cdr/smdr"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/lcr"
	"trunkline/provision"
)

func TestLegs(t *testing.T) {
	t.Parallel()
	legs := []console.CallLeg{{
		Call: "019a2000", Seq: 1, Kind: "ingress", Direction: "outbound", Tenant: "beauty", Branch: "moscow", Extension: "101", From: "+74951000001", Dialled: "112",
		Setup: at(10, 15), Status: 200, Cause: 16, Side: "caller", Billed: 60, Millis: 59_400, PDD: 800, Sign: 1,
		Sale: &console.Price{Amount: amount(t, "1.25"), Currency: currency(t, "RUB"), Version: "retail@12"},
	}}
	golden(t, "legs", func(out io.Writer) error { return terminal.Legs(out, legs, "table") })
	golden(t, "legs-csv", func(out io.Writer) error { return terminal.Legs(out, legs, "csv") })
}

// TestLadder: we stand between the caller and everybody else.
func TestLadder(t *testing.T) {
	t.Parallel()
	const invite = "INVITE sip:84951234567@trunkline SIP/2.0\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n"
	said := []console.SIPMessage{
		{At: at(10, 15), Transport: "udp", Remote: "192.0.2.7:5060", Text: invite},
		{At: at(10, 15).Add(12 * time.Millisecond), Sent: true, Transport: "udp", Remote: "198.51.100.1:5060", Text: invite},
		{At: at(10, 15).Add(3 * time.Second), Transport: "udp", Remote: "198.51.100.1:5060", Text: "SIP/2.0 486 Busy Here\r\n\r\n"},
		{At: at(10, 15).Add(3 * time.Second), Sent: true, Transport: "udp", Remote: "192.0.2.7:5060", Text: "SIP/2.0 486 Busy Here\r\n\r\n"},
	}
	golden(t, "ladder", func(out io.Writer) error {
		terminal.Ladder(out, said)
		terminal.Messages(out, said[2:3])
		return nil
	})
}

func TestStatus(t *testing.T) {
	t.Parallel()
	golden(t, "status", func(out io.Writer) error {
		return terminal.Status(out, &console.Overview{
			Parts:    []console.Health{{Name: "postgres", State: "up", Healthy: true}, {Name: "kafka", State: "down", Detail: "no broker answers"}},
			Gateways: []console.Gateway{{ID: "volga-1", Carrier: "volga", Address: "198.51.100.1:5060", Calls: 3, Max: 30}, {ID: "rhein-1", Carrier: "rhein", Locked: true, Reason: "no answer"}},
			Calls:    []console.LiveCall{{ID: "019a2000", Tenant: "beauty", Extension: "101", From: "+74951000001", To: "+4930123456", Gateway: "volga-1", State: "talk", Seconds: 75, Remaining: -1}},
			Total:    1, Phones: 12, Unrated: 2,
		})
	})
}

func TestLocks(t *testing.T) {
	t.Parallel()
	golden(t, "locks", func(out io.Writer) error {
		if err := terminal.Locks(out, nil); err != nil {
			return err
		}
		return terminal.Locks(out, []console.SIPLock{{Source: "192.0.2.7", Failures: 20, Until: at(10, 20)}})
	})
}

func TestRouteOfThePast(t *testing.T) {
	t.Parallel()
	golden(t, "route", func(out io.Writer) error {
		return terminal.StoredAnswer(&lcr.Explanation{
			From: number(t, "+74951000001"), To: number(t, "+4930123456"), Rule: "abroad", Revision: 117,
			Skipped: []lcr.Skipped{{Gateway: "rhein-1", Carrier: "rhein", Reason: "locked", Detail: "until 10:20"}},
		}).Write(out, "table")
	})
}

func TestDialled(t *testing.T) {
	t.Parallel()
	plan := &provision.DialPlan{ID: "house"}
	golden(t, "dialled", func(out io.Writer) error {
		return terminal.WriteDialled(out, []terminal.Dialled{terminal.NewDialled(plan, "84951234567", "")}, "table")
	})
}

func TestReadRecords(t *testing.T) {
	t.Parallel()
	golden(t, "read-records", func(out io.Writer) error {
		terminal.ReadRecords(out, &smdr.Summary{
			Lines: 120, Calls: 100, Joined: 4, Duplicates: 1, Faulty: 2, Other: 13, Foreign: 3, First: at(8, 0), Last: at(18, 30), Gaps: []smdr.Gap{{From: at(12, 0), Till: at(13, 10)}},
		})
		_, err := io.WriteString(out, terminal.Fault(smdr.Fault{Line: 17, Reason: "no duration", Raw: "101\t\n84951234567"}))
		return err
	})
}

func TestDeadLegs(t *testing.T) {
	t.Parallel()
	dead := console.DeadLeg{ID: 17, Failed: at(10, 15), Tenant: "beauty", Leg: "019a2000:1", To: "+88213", Reason: "no_rate", Detail: "retail has no rate for 88213", Message: []byte{0xde, 0xad}}
	golden(t, "dead", func(out io.Writer) error {
		if err := terminal.DeadLegs([]console.DeadLeg{dead}).Write(out, "table"); err != nil {
			return err
		}
		return terminal.DeadLeg(out, &dead)
	})
}
