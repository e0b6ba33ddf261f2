package callfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/rating"
)

// Row is one line of a file of calls.
type Row struct {
	id    string
	Call  rating.Call
	fault string // Why the line is no call; empty: it is one.
}

// Read reads the calls of a CSV file, whose times without an offset are of the zone. A row that makes no sense carries its fault.
func Read(file string, zone *time.Location) ([]Row, error) {
	if file == "-" {
		return readCalls("standard input", os.Stdin, zone)
	}
	f, err := os.Open(file) //nolint:gosec // the user names the file on his own command line
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readCalls(file, f, zone)
}

// localTimes are how times without a zone are written.
func localTimes() []string {
	return []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04"}
}

// parseConnect reads when a call began.
func parseConnect(text string, zone *time.Location) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err == nil {
		return at, nil
	}
	for _, layout := range localTimes() {
		if local, wrong := time.ParseInLocation(layout, text, time.UTC); wrong == nil {
			if zone == nil {
				return local, fmt.Errorf("%q does not name its time zone: give it with --zone", text)
			}
			return time.ParseInLocation(layout, text, zone)
		}
	}
	return at, err
}

// parseCalled reads a number in E.164, also with the international prefix 00 in front.
func parseCalled(text string) (e164.Number, error) {
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest
	}
	return e164.Parse(text)
}

// readCalls reads the header, which must name every needed column, and all lines. A line that is no call is kept with what
// is wrong with it, so that it appears in the result.
func readCalls(file string, r io.Reader, zone *time.Location) ([]Row, error) {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord, reader.ReuseRecord, reader.TrimLeadingSpace = -1, true, true
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: no header: want id,from,to,connect_time,duration: %w", file, err)
	}
	columns, err := callColumns(file, header)
	if err != nil {
		return nil, err
	}
	var rows []Row
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		rows = append(rows, readCall(columns, record, zone))
	}
}

func callColumns(file string, header []string) (map[string]int, error) {
	known := []string{"id", "from", "to", "connect_time", "duration", "direction", "extension", "branch", "on_net"}
	columns := make(map[string]int)
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if slices.Contains(known, name) {
			columns[name] = i
		}
	}
	for _, need := range known[:5] {
		if _, ok := columns[need]; !ok {
			return nil, fmt.Errorf("%s:1: the column %q is missing: want id,from,to,connect_time,duration", file, need)
		}
	}
	return columns, nil
}

func readCall(columns map[string]int, record []string, zone *time.Location) Row {
	cell := func(name string) string {
		if i, ok := columns[name]; ok && i < len(record) {
			return strings.Clone(strings.TrimSpace(record[i]))
		}
		return ""
	}
	row := Row{id: cell("id")}
	c := &row.Call
	c.Extension, c.Branch = cell("extension"), cell("branch")
	c.From, _ = parseCalled(cell("from")) // A caller who hides his number, or has none, is no fault.
	var errs [4]error
	c.To, errs[0] = parseCalled(cell("to"))
	c.Connect, errs[1] = parseConnect(cell("connect_time"), zone)
	c.Duration, errs[2] = parseSeconds(cell("duration"))
	c.Direction, errs[3] = calls.ParseDirection(cell("direction"))
	c.OnNet = cell("on_net") == "true"
	for i, what := range [...]string{"to", "connect_time", "duration", "direction"} {
		if errs[i] != nil && row.fault == "" {
			row.fault = what + ": " + errs[i].Error()
		}
	}
	return row
}

// parseSeconds reads seconds with up to six decimal places; more are cut.
func parseSeconds(s string) (time.Duration, error) {
	if whole, frac, ok := strings.Cut(s, "."); ok && len(frac) > money.AmountScale {
		s = whole + "." + frac[:money.AmountScale]
	}
	v, err := money.ParseAmount(s)
	if err != nil {
		return 0, fmt.Errorf("want seconds such as 61.5: %w", err)
	}
	if v.Micros() > int64(rating.MaxDuration/time.Microsecond) {
		return 0, fmt.Errorf("%s seconds are more than %s", s, rating.MaxDuration)
	}
	return time.Duration(v.Micros()) * time.Microsecond, nil
}
