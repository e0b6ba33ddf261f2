package rating

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// scalar is a value of a tariff file with the line on which it stands, so that an error can name it. The text is kept as
// written: 0.10 stays a decimal and never becomes a binary fraction.
type scalar struct {
	value string
	line  int
}

// UnmarshalYAML takes any single value.
func (s *scalar) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a single value", node.Line)
	}
	*s = scalar{node.Value, node.Line}
	if node.Tag == "!!null" {
		s.value = ""
	}
	return nil
}

func (s scalar) given() bool { return s.value != "" }

// document is a tariff file. The keys are described in tariff.schema.json and README.md.
type document struct {
	Name          scalar              `yaml:"name"`
	Version       scalar              `yaml:"version"`
	Description   scalar              `yaml:"description"`
	Currency      scalar              `yaml:"currency"`
	TimeZone      scalar              `yaml:"time_zone"`
	EffectiveFrom scalar              `yaml:"effective_from"`
	EffectiveTo   scalar              `yaml:"effective_to"`
	Rounding      roundingDoc         `yaml:"rounding"`
	Boundary      scalar              `yaml:"boundary"`
	Precedence    scalar              `yaml:"precedence"`
	OnNet         scalar              `yaml:"on_net"`
	Blocked       []scalar            `yaml:"blocked"`
	Groups        map[string][]scalar `yaml:"groups"`
	Periods       []periodDoc         `yaml:"periods"`
	Holidays      []scalar            `yaml:"holidays"`
	Decks         []deckDoc           `yaml:"decks"`
	Allowances    []allowanceDoc      `yaml:"allowances"`
	Tiers         []tierDoc           `yaml:"tiers"`
	Fees          []feeDoc            `yaml:"fees"`
	Trial         *trialDoc           `yaml:"trial"`
}

type roundingDoc struct {
	Scale        scalar `yaml:"scale"`
	Money        scalar `yaml:"money"`
	Duration     scalar `yaml:"duration"`
	DurationUnit scalar `yaml:"duration_unit"`
}

type periodDoc struct {
	Name scalar   `yaml:"name"`
	Days []scalar `yaml:"days"`
	From scalar   `yaml:"from"`
	Till scalar   `yaml:"till"`
}

type deckDoc struct {
	Name       scalar       `yaml:"name"`
	Directions []scalar     `yaml:"directions"`
	Origins    []scalar     `yaml:"origins"`
	File       scalar       `yaml:"file"`
	CostPlus   *costPlusDoc `yaml:"cost_plus"`
	Defaults   rateDoc      `yaml:"defaults"`
	Rates      []rateDoc    `yaml:"rates"`
}

type rateDoc struct {
	Prefix        scalar   `yaml:"prefix"`
	Prefixes      []scalar `yaml:"prefixes"`
	Destination   scalar   `yaml:"destination"`
	Rate          scalar   `yaml:"rate"`
	ConnectFee    scalar   `yaml:"connect_fee"`
	AttemptFee    scalar   `yaml:"attempt_fee"`
	MinCharge     scalar   `yaml:"min_charge"`
	Increment     scalar   `yaml:"increment"`
	Grace         scalar   `yaml:"grace"`
	Origin        scalar   `yaml:"origin"`
	Period        scalar   `yaml:"period"`
	Blocked       scalar   `yaml:"blocked"`
	EffectiveFrom scalar   `yaml:"effective_from"`
	EffectiveTo   scalar   `yaml:"effective_to"`
}

type costPlusDoc struct {
	Over     scalar `yaml:"over"`
	Percent  scalar `yaml:"percent"`
	Absolute scalar `yaml:"absolute"`
	Floor    scalar `yaml:"floor"`
	Ceiling  scalar `yaml:"ceiling"`
}

type matchDoc struct {
	Directions   []scalar `yaml:"directions"`
	Destinations []scalar `yaml:"destinations"`
	Prefixes     []scalar `yaml:"prefixes"`
}

type allowanceDoc struct {
	Name       scalar `yaml:"name"`
	Seconds    scalar `yaml:"seconds"`
	Calls      scalar `yaml:"calls"`
	Money      scalar `yaml:"money"`
	Per        scalar `yaml:"per"`
	Cycle      scalar `yaml:"cycle"`
	Prorate    scalar `yaml:"prorate"`
	RollOver   scalar `yaml:"roll_over"`
	ValidDays  scalar `yaml:"valid_days"`
	From       scalar `yaml:"effective_from"`
	Till       scalar `yaml:"effective_to"`
	ConnectFee scalar `yaml:"connect_fee"`
	matchDoc   `yaml:",inline"`
}

type tierDoc struct {
	Name     scalar    `yaml:"name"`
	Mode     scalar    `yaml:"mode"`
	By       scalar    `yaml:"by"`
	Per      scalar    `yaml:"per"`
	Cycle    scalar    `yaml:"cycle"`
	Steps    []stepDoc `yaml:"steps"`
	matchDoc `yaml:",inline"`
}

type stepDoc struct {
	From     scalar `yaml:"from"`
	Rate     scalar `yaml:"rate"`
	Discount scalar `yaml:"discount"`
}

type feeDoc struct {
	Name     scalar   `yaml:"name"`
	Text     scalar   `yaml:"text"`
	Amount   scalar   `yaml:"amount"`
	Kind     scalar   `yaml:"kind"`
	Per      scalar   `yaml:"per"`
	Classes  []scalar `yaml:"classes"`
	Regions  []scalar `yaml:"regions"`
	Free     scalar   `yaml:"free"`
	Unit     scalar   `yaml:"unit"`
	Prorate  scalar   `yaml:"prorate"`
	Bill     scalar   `yaml:"bill"`
	From     scalar   `yaml:"effective_from"`
	Till     scalar   `yaml:"effective_to"`
	When     scalar   `yaml:"when"`
	FreeWhen scalar   `yaml:"free_when"`
}

type trialDoc struct {
	Until  scalar `yaml:"until"`
	Then   scalar `yaml:"then"`
	Tariff scalar `yaml:"tariff"`
}

// DeckOpener finds a deck that a tariff file names, in the currency of the tariff.
type DeckOpener func(file string) (*Deck, error)

// ParseTariff reads a tariff file. Unknown keys are errors; all that is wrong is told at once, each with file, line, key
// and remedy. open is called for the decks that stand in files of their own; nil: there may be none.
func ParseTariff(file string, data []byte, open DeckOpener) (*Tariff, error) {
	var doc document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrTariff, file, err)
	}
	c := compiler{file: file, open: open}
	spec := c.spec(&doc)
	if err := errors.Join(c.faults...); err != nil {
		return nil, err
	}
	t, err := NewTariff(spec)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}
