package retention

import (
	"fmt"
	"time"
)

// Kind is a kind of record that is kept for a time. The words are those of the configuration.
type Kind string

// The kinds. The first three are of ClickHouse, the others of PostgreSQL.
const (
	Calls   Kind = "calls"   // Rated calls, by the whole UTC day of their slots.
	Traces  Kind = "traces"  // Routing decisions that stand in calls; the calls stay.
	Raw     Kind = "raw"     // Lines of PBXs that stand in calls; the calls stay.
	Imports Kind = "imports" // Texts of imports that have ended: without one an import can be taken back, not read anew.
	Faults  Kind = "faults"  // Records that could not be imported.
	Unrated Kind = "unrated" // Legs that could not be rated and are settled, with what was done about them.
	Audit   Kind = "audit"   // Who did what.
	Alarms  Kind = "alarms"  // Alarms that are over, with the messages of them.
)

// tables are the kinds that go row by row.
func tables() []Kind { return []Kind{Imports, Faults, Unrated, Audit, Alarms} }

// Rules say how long each kind is kept; zero: for ever.
type Rules struct {
	Calls   Span `yaml:"calls" env:"CALLS"`
	Traces  Span `yaml:"traces" env:"TRACES"`
	Raw     Span `yaml:"raw" env:"RAW"`
	Imports Span `yaml:"imports" env:"IMPORTS"`
	Faults  Span `yaml:"faults" env:"FAULTS"`
	Unrated Span `yaml:"unrated" env:"UNRATED"`
	Audit   Span `yaml:"audit" env:"AUDIT"`
	Alarms  Span `yaml:"alarms" env:"ALARMS"`
	// What the law obliges to keep is not erased before so long has passed since the call, unless a reason is given.
	Statutory Span `yaml:"statutory" env:"STATUTORY"`
}

// Of returns how long a kind is kept.
func (r *Rules) Of(k Kind) Span {
	return map[Kind]Span{
		Calls: r.Calls, Traces: r.Traces, Raw: r.Raw, Imports: r.Imports, Faults: r.Faults, Unrated: r.Unrated, Audit: r.Audit, Alarms: r.Alarms,
	}[k]
}

// Validate refuses rules by which something would be kept elsewhere for longer. packed is how long calls are kept packed in the ledger.
func (r *Rules) Validate(packed time.Duration) error {
	for _, k := range []Kind{Calls, Traces, Raw} {
		if s := r.Of(k); s > 0 && time.Duration(s) < packed {
			return fmt.Errorf("%w: retention.%s is %s, and worker.keep_packed keeps the same for %s", ErrSpan, k, s, Span(packed))
		}
	}
	if r.Calls > 0 && r.Calls < r.Statutory {
		return fmt.Errorf("%w: retention.calls is %s and retention.statutory %s: what the law obliges to keep would be dropped before", ErrSpan, r.Calls, r.Statutory)
	}
	return nil
}
