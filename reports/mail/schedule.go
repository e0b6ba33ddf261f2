package mail

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/reports"
	"trunkline/reports/export"
)

// Errors of schedules.
var (
	ErrSchedule   = errors.New("bad schedule")
	ErrNoSchedule = errors.New("there is no such schedule")
)

// Schedule says which report goes to whom, and when.
type Schedule struct {
	ID     string   `json:"id" yaml:"id"`
	Report string   `json:"report" yaml:"report"` // expenses, stats or cdr.
	Tenant string   `json:"tenant,omitempty" yaml:"tenant,omitempty"`
	To     []string `json:"to" yaml:"to"`
	On     string   `json:"on" yaml:"on"` // day, a weekday such as mon, or a day of the month from 1 to 28.
	At     string   `json:"at" yaml:"at"` // 07:30.
	Zone   string   `json:"zone" yaml:"zone"`
	Period string   `json:"period" yaml:"period"` // yesterday, last-month, 7d ...: as of when it is due. Expenses are of the billing period before.
	Format string   `json:"format" yaml:"format"` // csv, xlsx, parquet, arrow; expenses also pdf.
	By     string   `json:"by,omitempty" yaml:"by,omitempty"`
	Side   string   `json:"side,omitempty" yaml:"side,omitempty"`
	Filter string   `json:"filter,omitempty" yaml:"filter,omitempty"`
	Locale string   `json:"locale,omitempty" yaml:"locale,omitempty"` // en, ru or de.
	Off    bool     `json:"off,omitempty" yaml:"off,omitempty"`
}

const maxFile = 1 << 20

// Parse reads schedules: a YAML list. Unknown keys are errors.
func Parse(text []byte) ([]Schedule, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrSchedule, maxFile)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var list []Schedule
	if err := d.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrSchedule, err)
	}
	seen := make(map[string]bool)
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return nil, err
		}
		if seen[list[i].ID] {
			return nil, fmt.Errorf("%w: %s is there twice", ErrSchedule, list[i].ID)
		}
		seen[list[i].ID] = true
	}
	return list, nil
}

// Validate reports what makes the schedule unusable.
func (s *Schedule) Validate() error {
	fault := func(field, what string) error { return fmt.Errorf("%w: %s: %s: %s", ErrSchedule, s.ID, field, what) }
	if s.ID == "" || len(s.To) == 0 || len(s.To) > 50 {
		return fault("to", "it needs an id and 1 to 50 addresses")
	}
	for _, to := range s.To {
		if _, err := netmail.ParseAddress(to); err != nil {
			return fault("to", strconv.Quote(to)+" is no address")
		}
	}
	if _, err := s.when(); err != nil {
		return fault("on, at, zone", err.Error())
	}
	if err := s.content(); err != nil {
		return fault("report", err.Error())
	}
	return nil
}

// content checks what is sent.
func (s *Schedule) content() error {
	if _, err := export.ParseFormat(s.Format); err != nil && (s.Format != "pdf" || s.Report != "expenses") {
		return err
	}
	if _, err := reports.ParseFilter(s.Filter); err != nil {
		return err
	}
	if _, err := reports.ParseDimensions(s.By); err != nil {
		return err
	}
	if _, err := reports.ParseSide(s.Side); err != nil {
		return err
	}
	if !slices.Contains([]string{"", "en", "ru", "de"}, s.Locale) {
		return fmt.Errorf("locale %q: want en, ru or de", s.Locale)
	}
	switch s.Report {
	case "expenses":
		if s.Tenant == "" {
			return errors.New("expenses are of a tenant")
		}
		return nil
	case "stats", "cdr":
		_, err := reports.ParsePeriod(s.Period, time.UTC, time.Unix(0, 0))
		return err
	}
	return fmt.Errorf("%q: want expenses, stats or cdr", s.Report)
}

// times is when a schedule is due, in its zone.
type times struct {
	zone         *time.Location
	hour, minute int
	weekday      time.Weekday
	weekly       bool
	monthDay     int // 0: any.
}

func (s *Schedule) when() (times, error) {
	var t times
	var err error
	if t.zone, err = time.LoadLocation(cmp.Or(s.Zone, "UTC")); err != nil {
		return t, err
	}
	clock, err := time.Parse("15:04", s.At)
	if err != nil {
		return t, fmt.Errorf("at %q: want a time such as 07:30", s.At)
	}
	t.hour, t.minute = clock.Hour(), clock.Minute()
	weekdays := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	if n, err := strconv.Atoi(s.On); err == nil && n >= 1 && n <= 28 {
		t.monthDay = n
		return t, nil
	}
	if i := slices.Index(weekdays, s.On); i >= 0 {
		t.weekday, t.weekly = time.Weekday(i), true
		return t, nil
	}
	if s.On != "day" {
		return t, fmt.Errorf("on %q: want day, a weekday such as mon, or a day of the month from 1 to 28", s.On)
	}
	return t, nil
}

// Next returns the first moment after another at which the schedule is due. A time that a change of summer time skips is due
// right after it; one that there is twice is due once.
func (s *Schedule) Next(after time.Time) (time.Time, error) {
	t, err := s.when()
	if err != nil {
		return time.Time{}, err
	}
	year, month, day := after.In(t.zone).Date()
	for n := range 64 { // Every schedule is due within a month and a day.
		at := time.Date(year, month, day+n, t.hour, t.minute, 0, 0, t.zone)
		local := at.In(t.zone)
		if !at.After(after) || t.weekly && local.Weekday() != t.weekday || t.monthDay > 0 && local.Day() != t.monthDay {
			continue
		}
		return at.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%w: %s is never due", ErrSchedule, s.ID)
}
