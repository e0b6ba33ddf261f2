package routing_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"trunkline/internal/money"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
)

// script runs one file of testdata:
//
//	file NAME                      a deck or tariff that stands beside the operator's file
//	operator                       the operator's file; prints what is wrong with it
//	debts                          lines of CARRIER AMOUNT
//	dial plan= [area=]             lines of what is dialled
//	route tenant= from= to= [at= as=] a call from an extension, or from a number that as= asks for
//	inbound gateway= to= [from=]   a call from a carrier
type script struct {
	files    fstest.MapFS
	compiler *provision.Compiler
	snapshot *provision.Snapshot
	table    *routing.Table
}

func TestGolden(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/calls", func(t *testing.T, path string) {
		t.Helper()
		s := &script{files: fstest.MapFS{}, compiler: provision.NewCompiler()}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			switch d.Cmd {
			case "file":
				s.files[d.CmdArgs[0].Key] = &fstest.MapFile{Data: []byte(d.Input + "\n")}
				return ""
			case "operator":
				return s.operator(t, d)
			case "debts":
				return s.debts(d)
			case "dial":
				return s.dial(d)
			case "route":
				return s.route(t, d)
			case "inbound":
				return s.inbound(d)
			}
			t.Fatalf("there is no command %q", d.Cmd)
			return ""
		})
	})
}

func (s *script) operator(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	s.files["operator.yaml"] = &fstest.MapFile{Data: []byte(d.Input)}
	bundle, err := provision.ReadBundle(s.files, "operator.yaml")
	if err == nil {
		var snapshot *provision.Snapshot
		if snapshot, err = s.compiler.Compile(t.Context(), bundle); err == nil {
			s.snapshot, s.table = snapshot, routing.NewTable(snapshot)
			return "ok\n"
		}
	}
	faults := provision.Faults(err)
	require.NotEmpty(t, faults, "%v", err)
	var b strings.Builder
	for _, f := range faults {
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

func (s *script) debts(d *datadriven.TestData) string {
	owed := make(map[string]money.Amount)
	for row := range strings.Lines(d.Input) {
		if words := strings.Fields(row); len(words) == 2 {
			owed[words[0]] = money.MustParseAmount(words[1])
		}
	}
	s.compiler.Measures().SetDebts(owed)
	return ""
}

func arg(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return strings.Join(a.Vals, ",")
		}
	}
	return ""
}

func when(d *datadriven.TestData) time.Time {
	if text := arg(d, "at"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		return at
	}
	return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
}

func (s *script) dial(d *datadriven.TestData) string {
	plan, ok := s.snapshot.DialPlanByID(arg(d, "plan"))
	if !ok {
		return "no such plan\n"
	}
	var b strings.Builder
	for row := range strings.Lines(d.Input) {
		row = strings.TrimSuffix(row, "\n")
		r := routing.Dial(plan, row, arg(d, "area"))
		fmt.Fprintf(&b, "%s -> %s\n", row, r)
	}
	return b.String()
}

func (s *script) route(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	e, ok := s.snapshot.Extension(arg(d, "tenant"), arg(d, "from"))
	require.True(t, ok, "%s: no extension %s", d.Pos, arg(d, "from"))
	caller, ok := s.table.Login(e.Login)
	require.True(t, ok)
	return tellRoute(s.table.Route(caller, arg(d, "to"), arg(d, "as"), when(d)), "")
}

func (s *script) inbound(d *datadriven.TestData) string {
	caller := routing.Caller{Kind: routing.CallerGateway, Gateway: arg(d, "gateway")}
	return tellRoute(s.table.Route(caller, arg(d, "to"), arg(d, "from"), when(d)), "")
}

// tellRoute writes a route down, one line a target.
func tellRoute(r *routing.Route, indent string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s%s", indent, r.Direction)
	for _, pair := range [][2]string{
		{"from", r.From.String()}, {"to", r.To.String()}, {"by", r.Extension}, {"branch", r.Branch}, {"number", r.Number}, {"tariff", r.Tariff},
	} {
		if pair[1] != "" {
			fmt.Fprintf(&b, " %s %s", pair[0], pair[1])
		}
	}
	if r.Anonymous {
		b.WriteString(" anonymous")
	}
	if r.Emergency {
		b.WriteString(" emergency")
	}
	b.WriteByte('\n')
	for _, c := range r.Capacities {
		fmt.Fprintf(&b, "%s  takes a place of %s, %d\n", indent, c.Key, c.Max)
	}
	for i := range r.Targets {
		b.WriteString(tellTarget(r, i, indent))
	}
	if r.Trace != nil {
		for _, skipped := range r.Trace.Explain().Skipped {
			fmt.Fprintf(&b, "%s  not %s: %s: %s\n", indent, skipped.Gateway, skipped.Reason, skipped.Detail)
		}
	}
	if r.Refusal != "" {
		fmt.Fprintf(&b, "%s  refused %s, %d: %s\n", indent, r.Refusal, r.Status, r.Detail)
	}
	return b.String()
}

func tellTarget(r *routing.Route, i int, indent string) string {
	t := &r.Targets[i]
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %d.", indent, i+1)
	if t.After != 0 && t.After != routing.AfterAny {
		fmt.Fprintf(&b, " after %s:", [...]string{1: "busy", 2: "no answer", 4: "unavailable"}[t.After])
	}
	switch {
	case t.Forward != nil:
		return b.String() + " forwarded\n" + tellRoute(t.Forward, indent+"    ")
	case t.Gateway == nil:
		fmt.Fprintf(&b, " rings %s", t.Extension)
		for _, other := range t.Others {
			fmt.Fprintf(&b, " and %s", other.Extension)
		}
		if t.RingTime > 0 {
			fmt.Fprintf(&b, " for %s", t.RingTime)
		}
		if t.LeastRecent {
			b.WriteString(", least recent first")
		}
	default:
		var c lcr.Candidate
		if r.Trace != nil {
			c = r.Trace.Candidate(i)
		}
		fmt.Fprintf(&b, " %s, %s costs %s, margin %s; to %s", t.Gateway.ID, c.Prefix, c.Cost, c.Margin, t.ToSent)
	}
	fmt.Fprintf(&b, " from %s", t.FromSent)
	if t.Gateway != nil && t.AssertedID != t.FromSent {
		fmt.Fprintf(&b, ", asserting %q", t.AssertedID)
	}
	if t.Diversion != "" {
		fmt.Fprintf(&b, ", diverted by %s", t.Diversion)
	}
	return b.String() + "\n"
}
