package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/provision"
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

Exit status: 0 there is a way; 3 there is none, and the answer says why; 2 an option or the file is wrong.`,
		Example: "  trunkline route -f demo/operator.yaml --tenant beauty --from 101 --to 84951234567\n" +
			"  trunkline route --tenant beauty --to +4915112345678 --at 2026-11-02T10:00:00Z --format json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
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
	o.config.register(cmd)
	_ = cmd.MarkFlagRequired("tenant") // It fails only for a flag that does not exist.
	_ = cmd.MarkFlagRequired("to")
	return cmd
}

func (o *routeOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if o.format != "table" && o.format != "json" {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table or json", o.format))
	}
	at := clock.System{}.Now()
	if o.at != "" {
		var err error
		if at, err = time.Parse(time.RFC3339, o.at); err != nil {
			return withCode(exitUsage, fmt.Errorf("--at %q: want a time such as 2026-11-02T10:00:00Z", o.at))
		}
	}
	snapshot, err := o.snapshot(ctx, errOut)
	if err != nil {
		return err
	}
	caller, err := o.caller(snapshot)
	if err != nil {
		return withCode(exitUsage, err)
	}
	route := snapshot.RouteFor(caller, o.to, o.from, at, o.duration)
	answer := newRouteAnswer(route)
	if o.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		err = enc.Encode(answer)
	} else {
		err = answer.print(out)
	}
	if err == nil && route.Refusal != "" {
		return withCode(exitPartial, fmt.Errorf("the call would be refused: %s (SIP %d)", route.Refusal, route.Status))
	}
	return err
}

func (o *routeOptions) snapshot(ctx context.Context, errOut io.Writer) (*provision.Snapshot, error) {
	if o.file != "" {
		bundle, err := provision.ReadBundle(os.DirFS(filepath.Dir(o.file)), filepath.Base(o.file))
		if err != nil {
			return nil, withCode(exitUsage, err)
		}
		snapshot, err := provision.NewCompiler().Compile(ctx, bundle)
		return snapshot, withCode(exitUsage, err)
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return nil, err
	}
	defer db.close(ctx)
	return db.snapshot(ctx)
}

// caller finds who calls: an extension, or the tenant as a trunk.
func (o *routeOptions) caller(s *provision.Snapshot) (provision.Caller, error) {
	t, ok := s.Tenant(o.tenant)
	if !ok {
		return provision.Caller{}, fmt.Errorf("there is no tenant %q", o.tenant)
	}
	id := o.extension
	if _, ok := s.Extension(o.tenant, o.from); ok && id == "" {
		id = o.from
	}
	if id == "" {
		return provision.Caller{Kind: provision.CallerTrunk, Tenant: t.ID, Branch: o.branch, AnyFrom: true}, nil
	}
	e, ok := s.Extension(o.tenant, id)
	if !ok {
		return provision.Caller{}, fmt.Errorf("tenant %s has no extension %q", o.tenant, id)
	}
	caller, ok := s.Login(e.Login)
	if !ok {
		return provision.Caller{}, errors.New("the extension or its tenant is inactive")
	}
	if o.branch != "" {
		caller.Branch = o.branch
	}
	return caller, nil
}

// routeAnswer is the JSON contract of the command.
type routeAnswer struct {
	From       string          `json:"from"`
	To         string          `json:"to"`
	Direction  string          `json:"direction"`
	Rule       string          `json:"rule"`
	Candidates []lcr.Candidate `json:"candidates"`
	Skipped    []lcr.Skipped   `json:"skipped"`
	Extensions []string        `json:"extensions,omitempty"` // Of a call that stays in the house.
	Refusal    string          `json:"refusal,omitempty"`
	Status     int             `json:"status,omitempty"`
}

func newRouteAnswer(r *provision.Route) routeAnswer {
	a := routeAnswer{
		From: r.From.String(), To: r.To.String(), Direction: r.Direction, Refusal: string(r.Refusal), Status: r.Status,
		Candidates: []lcr.Candidate{}, Skipped: []lcr.Skipped{},
	}
	if r.Trace != nil {
		a.Rule, a.Candidates, a.Skipped = r.Trace.Rule, r.Trace.Candidates, r.Trace.Skipped
	}
	for _, t := range r.Targets {
		if t.Gateway == nil {
			a.Extensions = append(a.Extensions, t.Extension)
		}
	}
	return a
}

func (a *routeAnswer) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "from\t%s\nto\t%s\ndirection\t%s\nrule\t%s\n", dash(a.From), dash(a.To), a.Direction, dash(a.Rule))
	for _, e := range a.Extensions {
		fmt.Fprintf(w, "rings\textension %s\n", e)
	}
	if len(a.Candidates) > 0 {
		fmt.Fprint(w, "\n#\tGATEWAY\tCARRIER\tPREFIX\tRATE/MIN\tCOST\tSALE\tMARGIN\tCALLED AS\tSHOWN AS\n")
	}
	for i, c := range a.Candidates {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i+1, c.Gateway, c.Carrier, c.Prefix, c.Rate,
			c.Cost, c.Sale, c.Margin, c.ToSent, dash(c.FromSent))
	}
	if len(a.Skipped) > 0 {
		fmt.Fprint(w, "\nSKIPPED\tCARRIER\tREASON\tDETAIL\n")
	}
	for _, s := range a.Skipped {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Gateway, s.Carrier, s.Reason, s.Detail)
	}
	return w.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
