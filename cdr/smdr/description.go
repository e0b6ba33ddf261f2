package smdr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"
)

// Description says what the records of a system look like. It is read from YAML; docs/import.md explains every key.
type Description struct {
	Name    string   `yaml:"name"`            // Lower-case word; it becomes the source of the calls.
	Title   string   `yaml:"title"`           // Maker and models.
	Sources []string `yaml:"sources"`         // Where the meaning of the fields was taken from.
	Proof   Proof    `yaml:"proof,omitempty"` // What shows that records really look like this; the first source is where it was found.
	Notes   string   `yaml:"notes,omitempty"` // What is not settled, and what the reader does.
	Detect  *bool    `yaml:"detect,omitempty"`

	Layout  Layout            `yaml:"layout"`
	Skip    []string          `yaml:"skip,omitempty"` // Patterns of lines that are no records: headers, rulers, messages.
	Dates   []HeaderDate      `yaml:"dates,omitempty"`
	Fields  map[string]string `yaml:"fields"`
	Forms   map[string]string `yaml:"forms,omitempty"` // How times and durations are written, by field.
	Stamp   string            `yaml:"stamp,omitempty"` // What date and time are: start (the default), answer or end.
	UTC     bool              `yaml:"utc,omitempty"`   // Times are UTC, whatever the time zone of the system.
	Default string            `yaml:"direction,omitempty"`
	Lengths int               `yaml:"longest_extension,omitempty"` // Tell directions by the length of caller and called.
	Rules   []RuleSpec        `yaml:"rules,omitempty"`
	Join    *JoinSpec         `yaml:"join,omitempty"`
	Events  *EventSpec        `yaml:"events,omitempty"`
}

// Layout says how a record is cut into fields.
type Layout struct {
	Kind      string   `yaml:"kind"`                // fixed, words, block, delimited, pairs, attributes, json, xml or pattern.
	Anchor    string   `yaml:"anchor,omitempty"`    // fixed: a shape (9 is a digit) whose first character is column 1; words: that of a word to count from.
	Least     int      `yaml:"least,omitempty"`     // fixed: shortest record.
	Gaps      *bool    `yaml:"gaps,omitempty"`      // fixed: columns between the fields are blank (the default).
	Separator string   `yaml:"separator,omitempty"` // delimited: one character, "tab" or "blanks"; pairs: between pairs.
	Header    bool     `yaml:"header,omitempty"`    // delimited: the first line names the columns.
	Columns   []int    `yaml:"columns,omitempty"`   // delimited: least and greatest number of columns; words: of words.
	After     string   `yaml:"after,omitempty"`     // pairs: the text that they stand behind.
	Pattern   string   `yaml:"pattern,omitempty"`   // pattern: a regular expression with named groups.
	Lines     int      `yaml:"lines,omitempty"`     // Lines of one record; 1 if not given.
	Begins    []string `yaml:"begins,omitempty"`    // Patterns of the first line of a record of several lines.
	Ends      []string `yaml:"ends,omitempty"`      // Patterns of the last line of a record of several lines.
	Short     bool     `yaml:"short,omitempty"`     // A record may have fewer lines.
	List      bool     `yaml:"list,omitempty"`      // json: the records are the elements of a list in an object.
	Record    string   `yaml:"record,omitempty"`    // xml: the element that is a record.
	Framed    bool     `yaml:"framed,omitempty"`    // Records stand between STX and ETX.
}

// HeaderDate finds the day in a line that is no record, for records without a year or without a day.
type HeaderDate struct {
	Line  string `yaml:"line"`  // Pattern of the line.
	Shape string `yaml:"shape"` // Shape of the date in it: 9 is a digit.
	Form  string `yaml:"form"`
}

// RuleSpec says what follows from what a record has in its fields. The rules are applied in their order, all that match.
type RuleSpec struct {
	When   map[string]Patterns `yaml:"when"`
	Differ []string            `yaml:"differ,omitempty"` // Two fields that must have different values, neither of them empty.
	Then   Outcome             `yaml:"then"`
}

// Patterns are alternatives: "abc" is itself, "abc*", "*abc" and "*abc*" have it at the beginning, the end, anywhere, "*"
// is anything but nothing, "" is nothing, and "!" before any of them is its opposite.
type Patterns []string

// UnmarshalYAML takes one pattern or a list.
func (p *Patterns) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = Patterns{node.Value}
		return nil
	}
	return node.Decode((*[]string)(p))
}

// Outcome is what a rule does.
type Outcome struct {
	Direction string            `yaml:"direction,omitempty"`
	Skip      bool              `yaml:"skip,omitempty"`     // The record is no call, and nothing is wrong with it.
	Fault     string            `yaml:"fault,omitempty"`    // The record is to be listed as faulty, with this reason.
	Answered  *bool             `yaml:"answered,omitempty"` // Whatever the duration says.
	Open      bool              `yaml:"open,omitempty"`     // Another record of the same call follows.
	Follows   bool              `yaml:"follows,omitempty"`  // It goes on with the call of a former record.
	Inherits  bool              `yaml:"inherits,omitempty"` // Its direction is that of the last call on the same trunk.
	Second    bool              `yaml:"second,omitempty"`   // The second leg of a call whose first leg has a record of its own.
	Cause     string            `yaml:"cause,omitempty"`
	Event     string            `yaml:"event,omitempty"` // What the event is to be taken for.
	Cut       map[string]string `yaml:"cut,omitempty"`   // Takes a text from the front of fields.
	Strip     map[string]string `yaml:"strip,omitempty"` // Takes characters out of fields, wherever they stand.
	Split     *SplitSpec        `yaml:"split,omitempty"` // Parts a field in two.
	Tail      string            `yaml:"tail,omitempty"`  // Keeps the digits at the end of a field.
	Head      string            `yaml:"head,omitempty"`  // Keeps what can be dialled at the beginning of a field.
	Set       map[string]string `yaml:"set,omitempty"`   // Gives fields the value of other fields.
}

// SplitSpec parts a field at the first place of a text.
type SplitSpec struct {
	Field string `yaml:"field"`
	At    string `yaml:"at"`
	Left  string `yaml:"left"`
	Right string `yaml:"right"`
}

// JoinSpec says which records are one call.
type JoinSpec struct {
	By     []string            `yaml:"by"`             // Fields that they have in common.
	Last   map[string]Patterns `yaml:"last,omitempty"` // What the last of them has.
	Legs   []string            `yaml:"legs,omitempty"` // Fields with names of legs: records that share a leg are one call, too.
	Marked bool                `yaml:"marked,omitempty"`
	Whole  bool                `yaml:"whole,omitempty"`  // The call lasts from the first answer to the last end.
	Within time.Duration       `yaml:"within,omitempty"` // Most time between the end of one and the start of the next.
	// What a part is that leaves the house: own_part (the default), a call of its own, or same, the same call.
	Outside string `yaml:"outside,omitempty"`
	// Whose a call is that came in: of who answered it first (the default) or last.
	Answerer string `yaml:"answerer,omitempty"`
}

// EventSpec makes calls of events.
type EventSpec struct {
	By     []string `yaml:"by"`
	Start  Patterns `yaml:"start"`
	Answer Patterns `yaml:"answer"`
	End    Patterns `yaml:"end"`
}

// MaxDescription bounds the size of a description.
const MaxDescription = 1 << 20

// ErrDescription is returned, wrapped, for a description that makes no sense.
var ErrDescription = errors.New("not a description of a format")

// ReadDescription reads a description. Unknown keys are errors.
func ReadDescription(r io.Reader) (*Description, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxDescription+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxDescription {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDescription, MaxDescription)
	}
	d := new(Description)
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDescription, err)
	}
	return d, nil
}
