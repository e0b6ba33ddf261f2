package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
	"trunkline/routing"
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
				return o.printPast(cmd)
			}
			return o.run(cmd)
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

func (o *routeOptions) run(cmd *cobra.Command) error {
	at := clock.System{}.Now()
	if o.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, o.at); err != nil {
			return withCode(exitUsage, fmt.Errorf("--at %q: want a time such as 2026-11-02T10:00:00Z", o.at))
		}
	}
	live, err := o.liveState(cmd.InOrStdin())
	if err != nil {
		return withCode(exitUsage, err)
	}
	table, done, err := o.table(cmd)
	if err != nil {
		return err
	}
	defer done()
	caller, err := o.caller(table)
	if err != nil {
		return withCode(exitUsage, err)
	}
	route := table.Answer(&routing.Question{
		Caller: caller, Dialled: o.to, CallerID: o.from, At: at, Assumed: o.duration, Simulated: true, Live: live,
	})
	if err := newRouteAnswer(route).write(cmd.OutOrStdout(), o.format); err != nil {
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
func (o *routeOptions) printPast(cmd *cobra.Command) error {
	var e lcr.Explanation
	if o.call != "" {
		decision, err := o.stored(cmd)
		if err != nil {
			return err
		}
		e = *decision
	} else if err := readJSON(o.trace, cmd.InOrStdin(), &e); err != nil {
		return withCode(exitUsage, fmt.Errorf("--trace: %w", err))
	}
	a := routeAnswer{From: e.From.String(), To: e.To.String(), Rule: e.Rule, Candidates: e.Candidates, Skipped: e.Skipped, Refusal: string(e.Refusal), Revision: e.Revision}
	return a.write(cmd.OutOrStdout(), o.format)
}

// stored reads the decision that is stored with a call.
func (o *routeOptions) stored(cmd *cobra.Command) (decision *lcr.Explanation, err error) {
	if _, err := calls.ParseID(o.call); err != nil {
		return nil, withCode(exitUsage, fmt.Errorf("--call: %w", err))
	}
	ask := onConsole(o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		call, err := c.Call(cmd.Context(), c.Who, o.call)
		if errors.Is(err, console.ErrNotFound) {
			return withCode(exitPartial, err)
		}
		if err == nil && call.Decision == nil {
			err = withCode(exitPartial, fmt.Errorf("no decision is stored with call %s: it did not leave the house", o.call))
		}
		decision = call.Decision
		return err
	})
	err = ask(cmd, nil)
	return decision, err
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

// table reads what calls are routed by; done lets go of the stores, which versions of the past are read from until then.
func (o *routeOptions) table(cmd *cobra.Command) (_ *routing.Table, done func(), err error) {
	ctx := cmd.Context()
	if o.file != "" {
		bundle, err := provision.ReadBundle(os.DirFS(filepath.Dir(o.file)), filepath.Base(o.file))
		if err != nil {
			return nil, nil, withCode(exitUsage, err)
		}
		snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
		if err != nil {
			return nil, nil, withCode(exitUsage, err)
		}
		return routing.NewTable(snapshot), func() {}, nil
	}
	c, err := o.config.openLocal(cmd)
	if err != nil {
		return nil, nil, err
	}
	table, err := c.MeasuredTable(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, c.Close(ctx))
	}
	return table, func() { _ = c.Close(ctx) }, nil
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
