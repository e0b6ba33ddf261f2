package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/cdr"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
	"trunkline/sql/clickhouse"
)

// routeOptions are the flags of `trunkline route`.
type routeOptions struct {
	file      string
	tenant    string
	branch    string
	extension string
	from      string
	to        string
	at        string
	duration  time.Duration
	format    string
	state     string
	trace     string
	call      string
	config    *configFlags
}

func newRouteCommand() *cobra.Command {
	o := &routeOptions{config: new(configFlags)}
	cmd := &cobra.Command{
		Use:   "route --tenant ID --to NUMBER",
		Short: "Tell where a call would go, by which gateways, at what cost, and why",
		Long: `Route decides about a call as the proxy would, without placing it: the numbers after the dial plan, the rule of the
route plan that matched, the gateways in the order of trying with cost, sale and margin, and those that were skipped with
the reason. With -f it reads an operator's file and needs no engine; without, it reads the running system's database.

Costs, sales and margins are in the currency that the tenant pays in, rates in the carrier's.

Whether a gateway is locked or full is seen by a proxy in the moment of trying. --state gives the command such a moment, as
JSON: [{"gateway": "volga-1", "locked_until": "2026-11-02T10:00:30Z", "calls": 30, "calls_per_second": 2}]

--call prints how a past call was decided, as it is stored with the call; --trace prints such a decision from a file.

Exit status: 0 there is a way; 3 there is none, and the answer says why; 2 an option or the file is wrong.`,
		Example: "  trunkline route -f demo/operator.yaml --tenant beauty --from 101 --to 84951234567\n" +
			"  trunkline route --tenant beauty --to +4915112345678 --at 2026-11-02T10:00:00Z --format json\n" +
			"  trunkline route --call 019a2000-13d4-7e00-b66d-332a7ad2600f",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := tableOrJSON(o.format); err != nil {
				return err
			}
			past := o.trace != "" || o.call != ""
			if past == (o.tenant != "" && o.to != "") || o.trace != "" && o.call != "" {
				return withCode(exitUsage, errors.New("give either --tenant and --to, or --call alone, or --trace alone"))
			}
			if past {
				return o.printPast(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "operator's file; without it the database is asked")
	f.StringVar(&o.tenant, "tenant", "", "tenant that calls")
	f.StringVar(&o.branch, "branch", "", "branch that calls; that of the extension if empty")
	f.StringVar(&o.extension, "extension", "", "extension that calls; --from if that is one")
	f.StringVar(&o.from, "from", "", "caller: an extension or a number")
	f.StringVar(&o.to, "to", "", "what is dialled")
	f.StringVar(&o.at, "at", "", "time of the call, RFC 3339; now if empty")
	f.DurationVar(&o.duration, "duration", time.Minute, "length of call that cost and margin are computed for")
	f.StringVar(&o.format, "format", "table", "table or json")
	f.StringVar(&o.state, "state", "", "file with the state of gateways (JSON); \"-\" is standard input")
	f.StringVar(&o.call, "call", "", "id of a past call whose decision is to be printed")
	f.StringVar(&o.trace, "trace", "", "file with a stored decision (JSON) to print; \"-\" is standard input")
	o.config.register(cmd)
	return cmd
}

func (o *routeOptions) run(ctx context.Context, in io.Reader, out, errOut io.Writer) error {
	at := clock.System{}.Now()
	if o.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, o.at); err != nil {
			return withCode(exitUsage, fmt.Errorf("--at %q: want a time such as 2026-11-02T10:00:00Z", o.at))
		}
	}
	live, err := o.liveState(in)
	if err != nil {
		return withCode(exitUsage, err)
	}
	snapshot, done, err := o.snapshot(ctx, errOut)
	if err != nil {
		return err
	}
	defer done()
	table := routing.NewTable(snapshot)
	caller, err := o.caller(table)
	if err != nil {
		return withCode(exitUsage, err)
	}
	route := table.Answer(&routing.Question{ //nolint:contextcheck // Routing has no context.
		Caller: caller, Dialled: o.to, CallerID: o.from, At: at, Assumed: o.duration, Simulated: true, Live: live,
	})
	if err := newRouteAnswer(route).write(out, o.format); err != nil {
		return err
	}
	if route.Refusal == "" {
		return nil
	}
	detail := ""
	if route.Detail != "" {
		detail = ": " + route.Detail
	}
	return withCode(exitPartial, fmt.Errorf("the call would be refused: %s (SIP %d)%s", route.Refusal, route.Status, detail))
}

// liveState reads what --state says of the gateways.
func (o *routeOptions) liveState(in io.Reader) (map[string]lcr.GatewayState, error) {
	if o.state == "" {
		return nil, nil //nolint:nilnil // Nothing is known.
	}
	var list []struct {
		Gateway     string    `json:"gateway"`
		LockedUntil time.Time `json:"locked_until"`
		Calls       int       `json:"calls"`
		CPS         int       `json:"calls_per_second"`
	}
	if err := readJSON(o.state, in, &list); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	out := make(map[string]lcr.GatewayState, len(list))
	for _, s := range list {
		out[s.Gateway] = lcr.GatewayState{LockedUntil: s.LockedUntil, Calls: s.Calls, CPS: s.CPS}
	}
	return out, nil
}

// printPast prints the decision that is stored with a call, or stands in a file.
func (o *routeOptions) printPast(ctx context.Context, in io.Reader, out, errOut io.Writer) error {
	var e lcr.Explanation
	if o.call != "" {
		if err := o.stored(ctx, errOut, &e); err != nil {
			return err
		}
	} else if err := readJSON(o.trace, in, &e); err != nil {
		return withCode(exitUsage, fmt.Errorf("--trace: %w", err))
	}
	a := routeAnswer{From: e.From.String(), To: e.To.String(), Rule: e.Rule, Candidates: e.Candidates, Skipped: e.Skipped, Refusal: string(e.Refusal), Revision: e.Revision}
	return a.write(out, o.format)
}

// stored reads the decision that is stored with a call.
func (o *routeOptions) stored(ctx context.Context, errOut io.Writer, e *lcr.Explanation) error {
	id, err := cdr.ParseCallID(o.call)
	if err != nil {
		return withCode(exitUsage, fmt.Errorf("--call: %w", err))
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	records, err := db.Records.Records(ctx, clickhouse.Filter{Call: id})
	if err != nil {
		return err
	}
	for i := range records {
		if len(records[i].Trace) > 0 {
			return json.Unmarshal(records[i].Trace, e)
		}
	}
	if len(records) > 0 {
		return withCode(exitPartial, fmt.Errorf("no decision is stored with call %s: it did not leave the house", id))
	}
	return withCode(exitPartial, fmt.Errorf("there is no call %s among the rated ones: a call is there some seconds after its end", id))
}

func readJSON(file string, in io.Reader, v any) error {
	if file != "-" {
		f, err := os.Open(file) //nolint:gosec // The file that the user names.
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	const most = 1 << 20
	d := json.NewDecoder(io.LimitReader(in, most))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// snapshot reads what calls are routed by; done lets go of the stores, which versions of the past are read from until then.
func (o *routeOptions) snapshot(ctx context.Context, errOut io.Writer) (_ *provision.Snapshot, done func(), err error) {
	if o.file != "" {
		bundle, err := provision.ReadBundle(os.DirFS(filepath.Dir(o.file)), filepath.Base(o.file))
		if err != nil {
			return nil, nil, withCode(exitUsage, err)
		}
		snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
		return snapshot, func() {}, withCode(exitUsage, err)
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return nil, nil, err
	}
	done = func() { db.Close(ctx) }
	compiler := provision.NewCompiler()
	snapshot, err := db.Compile(ctx, compiler)
	if err == nil {
		err = app.Measure(ctx, db, snapshot.Operator(), compiler.Measures())
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return snapshot, done, nil
}

// caller finds who calls: an extension, or the tenant as a trunk.
func (o *routeOptions) caller(table *routing.Table) (routing.Caller, error) {
	s := table.Setup()
	t, ok := s.Tenant(o.tenant)
	if !ok {
		return routing.Caller{}, fmt.Errorf("there is no tenant %q", o.tenant)
	}
	id := o.extension
	if _, ok := s.Extension(o.tenant, o.from); ok && id == "" {
		id = o.from
	}
	if id == "" {
		return routing.Caller{Kind: routing.CallerTrunk, Tenant: t.ID, Branch: o.branch, AnyFrom: true}, nil
	}
	e, ok := s.Extension(o.tenant, id)
	if !ok {
		return routing.Caller{}, fmt.Errorf("tenant %s has no extension %q", o.tenant, id)
	}
	caller, ok := table.Login(e.Login)
	if !ok {
		return routing.Caller{}, errors.New("the extension or its tenant is inactive")
	}
	if o.branch != "" {
		caller.Branch = o.branch
	}
	return caller, nil
}
