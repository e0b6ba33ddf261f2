package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/reports"
	"trunkline/sql/clickhouse"
)

// cdrOptions are the flags of `trunkline report cdr`.
type cdrOptions struct {
	filter    clickhouse.Filter
	from      string
	till      string
	kind      string
	direction string
	call      string
	line      string
	format    string
	config    configFlags
}

func newCDRCommand() *cobra.Command {
	o := &cdrOptions{}
	cmd := &cobra.Command{
		Use:   "cdr",
		Short: "Rated legs, the newest first",
		Long: `Cdr lists rated legs: the caller's side of a call (ingress) and every attempt to place it (egress). Times are UTC.
--from and --till take a day (2026-11-02) or a moment (2026-11-02T10:00:00Z); a leg counts in the quarter of an hour in
which it was answered, or begun where it was not. --filter takes a filter line, see ` + "`trunkline report fields`" + `.`,
		Example: "  trunkline report cdr --tenant beauty --to 7495 --answered --limit 20\n" +
			"  trunkline report cdr --filter '7495% duration>60 !branch:moscow status:200'\n" +
			"  trunkline report cdr --call 019a2000-13d4-7e00-b66d-332a7ad2600f --format json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "first day or moment")
	f.StringVar(&o.till, "till", "", "day or moment after the last")
	f.StringVar(&o.filter.Tenant, "tenant", "", "tenant")
	f.StringVar(&o.filter.Branch, "branch", "", "branch")
	f.StringVar(&o.filter.Extension, "extension", "", "extension")
	f.StringVar(&o.filter.Carrier, "carrier", "", "carrier")
	f.StringVar(&o.filter.Gateway, "gateway", "", "gateway")
	f.StringVar(&o.filter.ToPrefix, "to", "", "beginning of the called number")
	f.StringVar(&o.filter.FromPrefix, "caller", "", "beginning of the caller's number")
	f.StringVar(&o.kind, "kind", "", "ingress or egress")
	f.StringVar(&o.direction, "direction", "", "outbound, inbound, forwarded or internal")
	f.StringVar(&o.call, "call", "", "id of one call")
	f.StringVar(&o.line, "filter", "", "filter line")
	f.BoolVar(&o.filter.OnlyAnswered, "answered", false, "only answered legs")
	f.IntVar(&o.filter.Limit, "limit", 50, "most rows, up to 10000")
	f.StringVar(&o.format, "format", "table", "table, csv or json")
	o.config.register(cmd)
	return cmd
}

func (o *cdrOptions) run(ctx context.Context, out, errOut io.Writer) error {
	if err := o.parse(); err != nil {
		return withCode(exitUsage, err)
	}
	db, err := o.config.openStores(ctx, errOut)
	if err != nil {
		return err
	}
	defer db.Close(ctx)
	records, err := db.Records.Records(ctx, o.filter)
	if err != nil {
		return err
	}
	switch o.format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		rows := make([]map[string]string, 0, len(records))
		for i := range records {
			row := make(map[string]string)
			for _, c := range cdrColumns() {
				row[c.name] = c.value(&records[i])
			}
			rows = append(rows, row)
		}
		return enc.Encode(rows)
	case "csv":
		return writeCDRs(csv.NewWriter(out), records)
	}
	return printCDRs(out, records)
}

func (o *cdrOptions) parse() (err error) {
	f := &o.filter
	if f.From, err = parseMoment("from", o.from); err != nil {
		return err
	}
	if f.Till, err = parseMoment("till", o.till); err != nil {
		return err
	}
	switch o.kind {
	case "":
	case cdr.Ingress.String():
		f.Kind = cdr.Ingress
	case cdr.Egress.String():
		f.Kind = cdr.Egress
	default:
		return fmt.Errorf("--kind %q: want ingress or egress", o.kind)
	}
	if o.direction != "" {
		d, err := calls.ParseDirection(o.direction)
		if err != nil {
			return fmt.Errorf("--direction %q: want outbound, inbound, forwarded or internal", o.direction)
		}
		f.Direction = d
	}
	if o.call != "" {
		if f.Call, err = cdr.ParseCallID(o.call); err != nil {
			return fmt.Errorf("--call: %w", err)
		}
	}
	if f.Where, err = reports.ParseFilter(o.line); err != nil {
		return fmt.Errorf("--filter: %w", err)
	}
	if f.Limit < 1 || f.Limit > clickhouse.MaxRows {
		return fmt.Errorf("--limit %d: want 1 to %d", f.Limit, clickhouse.MaxRows)
	}
	if o.format != "table" && o.format != "csv" && o.format != "json" {
		return fmt.Errorf("--format %q: want table, csv or json", o.format)
	}
	return nil
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
	value func(*cdr.Record) string
}

func cdrColumns() []cdrColumn {
	return []cdrColumn{
		{"setup", false, func(r *cdr.Record) string { return r.Setup.UTC().Format("2006-01-02T15:04:05.000Z") }},
		{"call", true, func(r *cdr.Record) string { return r.Call.String() }},
		{"seq", false, func(r *cdr.Record) string { return strconv.Itoa(int(r.Seq)) }},
		{"kind", false, func(r *cdr.Record) string { return r.Kind.String() }},
		{"direction", false, func(r *cdr.Record) string { return r.Direction.String() }},
		{"tenant", false, func(r *cdr.Record) string { return r.Tenant }},
		{"branch", false, func(r *cdr.Record) string { return r.Branch }},
		{"extension", false, func(r *cdr.Record) string { return r.Extension }},
		{"from", false, func(r *cdr.Record) string { return r.From.String() }},
		{"to", false, orDialled},
		{"destination", false, func(r *cdr.Record) string { return r.Destination }},
		{"carrier", true, func(r *cdr.Record) string { return r.Carrier }},
		{"gateway", false, func(r *cdr.Record) string { return r.Gateway }},
		{"sip", false, func(r *cdr.Record) string { return strconv.Itoa(int(r.SIPStatus)) }},
		{"cause", true, func(r *cdr.Record) string { return strconv.Itoa(int(r.Cause)) }},
		{"ended_by", false, func(r *cdr.Record) string { return r.ReleasedBy.String() }},
		{"reason", true, func(r *cdr.Record) string { return r.Reason }},
		{"pdd_ms", true, func(r *cdr.Record) string { return strconv.FormatInt(r.PDD().Milliseconds(), 10) }},
		{"duration_ms", true, func(r *cdr.Record) string { return strconv.FormatInt(r.Duration().Milliseconds(), 10) }},
		{"billed", false, func(r *cdr.Record) string { return strconv.FormatInt(r.Billed, 10) }},
		{"sale", false, func(r *cdr.Record) string { return r.Sale.String() }},
		{"sale_currency", true, func(r *cdr.Record) string { return r.SaleCurrency.String() }},
		{"cost", false, func(r *cdr.Record) string { return r.Cost.String() }},
		{"cost_currency", true, func(r *cdr.Record) string { return r.CostCurrency.String() }},
		{"tariff", true, func(r *cdr.Record) string { return r.TariffVersion }},
		{"deck", true, func(r *cdr.Record) string { return r.DeckVersion }},
		{"note", true, func(r *cdr.Record) string { return r.Note }},
		{"source", true, func(r *cdr.Record) string { return r.Source }},
		{"sign", true, func(r *cdr.Record) string { return strconv.Itoa(int(r.Sign)) }},
	}
}

func orDialled(r *cdr.Record) string {
	if r.To.IsZero() {
		return r.Dialled
	}
	return r.To.String()
}

func writeCDRs(w *csv.Writer, records []cdr.Record) error {
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

func printCDRs(out io.Writer, records []cdr.Record) error {
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
