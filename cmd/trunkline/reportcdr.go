package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/console"
	"trunkline/reports"
)

// cdrOptions are the flags of `trunkline report cdr`.
type cdrOptions struct {
	from, till                          string
	tenant, branch, extension           string
	carrier, gateway, to, caller        string
	kind, direction, call, line, format string
	answered                            bool
	limit                               int
	config                              configFlags
}

func newCDRCommand() *cobra.Command {
	o := &cdrOptions{}
	cmd := &cobra.Command{
		Use:   "cdr",
		Short: "Rated legs, the newest first",
		Long: `Cdr lists rated legs: the caller's side of a call (ingress) and every attempt to place it (egress). Times are UTC.
--from and --to take a day (2026-11-02) or a moment (2026-11-02T10:00:00Z); a leg counts in the quarter of an hour in
which it was answered, or begun where it was not. --filter takes a filter line, see ` + "`trunkline report fields`" + `.`,
		Example: "  trunkline report cdr --tenant beauty --called 7495 --answered --limit 20\n" +
			"  trunkline report cdr --filter '7495% duration>60 !branch:moscow status:200'\n" +
			"  trunkline report cdr --call 019a2000-13d4-7e00-b66d-332a7ad2600f --format json",
		Args: cobra.NoArgs,
		RunE: onConsole(&o.config, o.run),
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "first day or moment")
	f.StringVar(&o.till, "to", "", "day or moment after the last")
	formerFlag(f, "till", "to")
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.branch, "branch", "", "branch")
	f.StringVar(&o.extension, "extension", "", "extension")
	f.StringVar(&o.carrier, "carrier", "", "carrier")
	f.StringVar(&o.gateway, "gateway", "", "gateway")
	f.StringVar(&o.to, "called", "", "beginning of the called number")
	f.StringVar(&o.caller, "caller", "", "beginning of the caller's number")
	f.StringVar(&o.kind, "kind", "", "ingress or egress")
	f.StringVar(&o.direction, "direction", "", "outbound, inbound, forwarded or internal")
	f.StringVar(&o.call, "call", "", "id of one call")
	f.StringVar(&o.line, "filter", "", "filter line")
	f.BoolVar(&o.answered, "answered", false, "only answered legs")
	f.IntVar(&o.limit, "limit", 50, "most rows, up to 10000")
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	o.config.register(cmd)
	return cmd
}

func (o *cdrOptions) run(cmd *cobra.Command, c *app.Local, _ []string) error {
	if !slices.Contains([]string{"table", "csv", "json"}, o.format) {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table, csv or json", o.format))
	}
	q, err := o.query()
	if err != nil {
		return withCode(exitUsage, err)
	}
	legs, err := c.Calls(cmd.Context(), c.Who, q)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch o.format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		rows := make([]map[string]string, 0, len(legs))
		for i := range legs {
			row := make(map[string]string)
			for _, c := range cdrColumns() {
				row[c.name] = c.value(&legs[i])
			}
			rows = append(rows, row)
		}
		return enc.Encode(rows)
	case "csv":
		return writeCDRs(csv.NewWriter(out), legs)
	}
	return printCDRs(out, legs)
}

// query puts the flags together: what they ask for is said in the words of a filter line.
func (o *cdrOptions) query() (q console.CallQuery, err error) {
	q = console.CallQuery{Tenant: o.tenant, Branch: o.branch, Attempts: true, Limit: o.limit}
	if q.Period.From, err = parseMoment("from", o.from); err != nil {
		return q, err
	}
	if q.Period.Until, err = parseMoment("to", o.till); err != nil {
		return q, fmt.Errorf("%w; the called number is --called", err)
	}
	line := o.line
	var lineSb110 strings.Builder
	for _, one := range []struct{ flag, field, value, end string }{
		{"extension", "extension", o.extension, ""},
		{"carrier", "carrier", o.carrier, ""},
		{"gateway", "gateway", o.gateway, ""},
		{"called", "to", o.to, "%"},
		{"caller", "from", o.caller, "%"},
		{"kind", "kind", o.kind, ""},
		{"direction", "direction", o.direction, ""},
		{"call", "call", o.call, ""},
	} {
		if one.value == "" {
			continue
		}
		term := " " + one.field + ":" + strconv.Quote(one.value+one.end)
		if _, err := reports.ParseFilter(term); err != nil {
			return q, fmt.Errorf("--%s %q: %w", one.flag, one.value, err)
		}
		lineSb110.WriteString(term)
	}
	line += lineSb110.String()
	if o.answered {
		line += " answered:yes"
	}
	if q.Filter, err = reports.ParseFilter(line); err != nil {
		return q, fmt.Errorf("--filter: %w", err)
	}
	return q, nil
}

// parseMoment reads a day or a moment; empty text is none.
func parseMoment(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q: want a day such as 2026-11-02 or a moment such as 2026-11-02T10:00:00Z", flag, text)
}

// cdrColumn is one column of the listing.
type cdrColumn struct {
	name  string
	wide  bool // Not in the table, which has to fit a screen.
	value func(*console.CallLeg) string
}

func cdrColumns() []cdrColumn {
	return []cdrColumn{
		{"setup", false, func(l *console.CallLeg) string { return l.Setup.UTC().Format("2006-01-02T15:04:05.000Z") }},
		{"call", true, func(l *console.CallLeg) string { return l.Call }},
		{"seq", false, func(l *console.CallLeg) string { return strconv.Itoa(l.Seq) }},
		{"kind", false, func(l *console.CallLeg) string { return l.Kind }},
		{"direction", false, func(l *console.CallLeg) string { return l.Direction }},
		{"tenant", false, func(l *console.CallLeg) string { return l.Tenant }},
		{"branch", false, func(l *console.CallLeg) string { return l.Branch }},
		{"extension", false, func(l *console.CallLeg) string { return l.Extension }},
		{"from", false, func(l *console.CallLeg) string { return l.From }},
		{"to", false, func(l *console.CallLeg) string { return cmp.Or(l.To, l.Dialled) }},
		{"destination", false, func(l *console.CallLeg) string { return l.Destination }},
		{"carrier", true, func(l *console.CallLeg) string { return l.Carrier }},
		{"gateway", false, func(l *console.CallLeg) string { return l.Gateway }},
		{"sip", false, func(l *console.CallLeg) string { return strconv.Itoa(l.Status) }},
		{"cause", true, func(l *console.CallLeg) string { return strconv.Itoa(l.Cause) }},
		{"ended_by", false, func(l *console.CallLeg) string { return l.Side }},
		{"reason", true, func(l *console.CallLeg) string { return l.Reason }},
		{"pdd_ms", true, func(l *console.CallLeg) string { return figure(l.PDD) }},
		{"duration_ms", true, func(l *console.CallLeg) string { return figure(l.Millis) }},
		{"billed", false, func(l *console.CallLeg) string { return figure(l.Billed) }},
		{"sale", false, func(l *console.CallLeg) string { return priceOf(l.Sale).Amount.String() }},
		{"sale_currency", true, func(l *console.CallLeg) string { return priceOf(l.Sale).Currency.String() }},
		{"cost", false, func(l *console.CallLeg) string { return priceOf(l.Cost).Amount.String() }},
		{"cost_currency", true, func(l *console.CallLeg) string { return priceOf(l.Cost).Currency.String() }},
		{"tariff", true, func(l *console.CallLeg) string { return priceOf(l.Sale).Version }},
		{"deck", true, func(l *console.CallLeg) string { return priceOf(l.Cost).Version }},
		{"note", true, func(l *console.CallLeg) string { return l.Note }},
		{"source", true, func(l *console.CallLeg) string { return l.Source }},
		{"sign", true, func(l *console.CallLeg) string { return strconv.Itoa(l.Sign) }},
	}
}

// priceOf is a price, or none.
func priceOf(p *console.Price) console.Price {
	if p == nil {
		return console.Price{}
	}
	return *p
}

func writeCDRs(w *csv.Writer, records []console.CallLeg) error {
	columns := cdrColumns()
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = c.name
	}
	if err := w.Write(line); err != nil {
		return err
	}
	for i := range records {
		for k, c := range columns {
			line[k] = c.value(&records[i])
		}
		if err := w.Write(line); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func printCDRs(out io.Writer, records []console.CallLeg) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range cdrColumns() {
		if !c.wide {
			fmt.Fprintf(w, "%s\t", c.name)
		}
	}
	fmt.Fprintln(w)
	for i := range records {
		for _, c := range cdrColumns() {
			if !c.wide {
				fmt.Fprintf(w, "%s\t", dash(c.value(&records[i])))
			}
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%d legs\n", len(records))
	return err
}
