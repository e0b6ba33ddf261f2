package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/console/terminal"
	"trunkline/internal/calls"
	"trunkline/internal/clock"
	"trunkline/lcr"
	"trunkline/routing"
)

// routeOptions are the flags of `trunkline route`.
type routeOptions struct {
	routing.Someone

	file     string
	to       string
	at       time.Time
	duration time.Duration
	format   *string
	state    string
	trace    string
	call     string
	config   *configFlags
}

func newRouteCommand() *cobra.Command {
	o := &routeOptions{}
	cmd := bare(&cobra.Command{
		Use: "route --tenant ID --to NUMBER", Short: "Tell where a call would go, by which gateways, at what cost, and why",
	}, func(cmd *cobra.Command, _ []string) error {
		past := o.trace != "" || o.call != ""
		if past == (o.Tenant != "" && o.to != "") || o.trace != "" && o.call != "" {
			return withCode(exitUsage, errors.New("give either --tenant and --to, or --call alone, or --trace alone"))
		}
		if past {
			return o.past(cmd)
		}
		return withTable(cmd, o.config, o.file, func(table *routing.Table) error { return o.run(cmd, table) })
	})
	o.config = newConfigFlags(cmd)
	o.format = formatFlag(cmd, "table", "json")
	f := cmd.Flags()
	f.StringVarP(&o.file, "file", "f", "", "operator's file; without it the database is asked")
	f.StringVar(&o.Tenant, "tenant", "", "tenant that calls")
	f.StringVar(&o.Branch, "branch", "", "branch that calls; that of the extension if empty")
	f.StringVar(&o.Extension, "extension", "", "extension that calls; --from if that is one")
	f.StringVar(&o.From, "from", "", "caller: an extension or a number")
	f.StringVar(&o.to, "to", "", "what is dialled")
	f.DurationVar(&o.duration, "duration", time.Minute, "length of call that cost and margin are computed for")
	f.StringVar(&o.state, "state", "", "file with the state of gateways (JSON); \"-\" is standard input")
	f.StringVar(&o.call, "call", "", "id of a past call whose decision is to be printed")
	f.StringVar(&o.trace, "trace", "", "file with a stored decision (JSON) to print; \"-\" is standard input")
	instantVar(f, &o.at, "at", "time of the call, RFC 3339; now if empty")
	return cmd
}

func (o *routeOptions) run(cmd *cobra.Command, table *routing.Table) error {
	if o.at.IsZero() {
		o.at = clock.System{}.Now()
	}
	q := routing.Question{Dialled: o.to, CallerID: o.From, At: o.at, Assumed: o.duration, Simulated: true}
	if o.state != "" {
		moments, err := jsonFile[[]routing.Moment](cmd, "state", o.state)
		if err != nil {
			return err
		}
		q.Live = routing.States(moments)
	}
	var err error
	if q.Caller, err = table.Caller(o.Someone); err != nil {
		return withCode(exitUsage, err)
	}
	route := table.Answer(&q)
	if err := terminal.NewRouteAnswer(route).Write(cmd.OutOrStdout(), *o.format); err != nil || route.Refusal == "" {
		return err
	}
	detail := ""
	if route.Detail != "" {
		detail = ": " + route.Detail
	}
	return withCode(exitPartial, fmt.Errorf("the call would be refused: %s (SIP %d)%s", route.Refusal, route.Status, detail))
}

// past prints the decision that is stored with a call, or stands in a file.
func (o *routeOptions) past(cmd *cobra.Command) error {
	if o.call == "" {
		e, err := jsonFile[lcr.Explanation](cmd, "trace", o.trace)
		if err != nil {
			return err
		}
		return terminal.StoredAnswer(&e).Write(cmd.OutOrStdout(), *o.format)
	}
	if _, err := calls.ParseID(o.call); err != nil {
		return withCode(exitUsage, fmt.Errorf("--call: %w", err))
	}
	return onConsole(o.config, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		call, err := c.Call(cmd.Context(), c.Who, o.call)
		switch {
		case errors.Is(err, console.ErrNotFound):
			return withCode(exitPartial, err)
		case err != nil:
			return err
		case call.Decision == nil:
			return withCode(exitPartial, fmt.Errorf("no decision is stored with call %s: it did not leave the house", o.call))
		}
		return terminal.StoredAnswer(call.Decision).Write(cmd.OutOrStdout(), *o.format)
	})(cmd, nil)
}

// jsonFile reads a file that a flag names, or what is piped in for "-", as JSON without fields that nobody knows.
func jsonFile[T any](cmd *cobra.Command, flag, name string) (v T, err error) {
	text, err := readInput(cmd, name)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		err = d.Decode(&v)
	}
	if err != nil {
		err = withCode(exitUsage, fmt.Errorf("--%s: %w", flag, err))
	}
	return v, err
}

// withTable hands on what calls are routed by: that of an operator's file, or where none is named that of the database.
func withTable(cmd *cobra.Command, f *configFlags, file string, do func(*routing.Table) error) error {
	if file != "" {
		table, err := app.TableOf(cmd.Context(), file)
		if err != nil {
			return err
		}
		return do(table)
	}
	return onConsole(f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
		table, err := c.MeasuredTable(cmd.Context())
		if err != nil {
			return err
		}
		return do(table) // Versions of the past are read from the database, which is open until it returns.
	})(cmd, nil)
}

func newDialPlanCommand() *cobra.Command {
	return group(&cobra.Command{Use: "dialplan", Short: "Dial plans: what the digits that people dial mean"}, newDialPlanTestCommand())
}

func newDialPlanTestCommand() *cobra.Command {
	var file, id, area string
	cmd := &cobra.Command{
		Use: "test --plan ID NUMBER...", Short: "Show what a dial plan makes of numbers, rule by rule", Args: cobra.MinimumNArgs(1),
	}
	f, format := newConfigFlags(cmd), formatFlag(cmd, "table", "json")
	cmd.Flags().StringVarP(&file, "file", "f", "", "operator's file; without it the database is asked")
	cmd.Flags().StringVar(&id, "plan", "", "id of the dial plan")
	cmd.Flags().StringVar(&area, "area", "", "area code of who dials; that of the plan if empty")
	required(cmd, "plan")
	return bare(cmd, func(cmd *cobra.Command, numbers []string) error {
		return withTable(cmd, f, file, func(table *routing.Table) error {
			plan, ok := table.Setup().DialPlanByID(id)
			if !ok {
				return withCode(exitUsage, fmt.Errorf("there is no dial plan %q", id))
			}
			answers := make([]terminal.Dialled, 0, len(numbers))
			meaningless := 0
			for _, dialled := range numbers {
				a := terminal.NewDialled(plan, dialled, area)
				if a.Meaningless() {
					meaningless++
				}
				answers = append(answers, a)
			}
			if err := terminal.WriteDialled(cmd.OutOrStdout(), answers, *format); err != nil {
				return err
			}
			return partial(meaningless, "the dial plan does not let every number through")
		})
	})
}
