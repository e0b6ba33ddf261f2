package rating

import (
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Outline is what a tariff file says of itself, without its prices: enough to know when it holds and what belongs to it.
type Outline struct {
	Version    string
	From, Till time.Time // Its time of force; zero: unbounded.
	Files      []string  // The decks that stand in files of their own, as the file names them, in its order.
}

// outlineDoc are the keys of a tariff file that an outline is made of.
type outlineDoc struct {
	Version       scalar `yaml:"version"`
	TimeZone      scalar `yaml:"time_zone"`
	EffectiveFrom scalar `yaml:"effective_from"`
	EffectiveTo   scalar `yaml:"effective_to"`
	Decks         []struct {
		File scalar `yaml:"file"`
	} `yaml:"decks"`
}

// ReadOutline reads the outline of a tariff file. What else stands in it is not looked at: ParseTariff tells what is wrong with it.
func ReadOutline(file string, data []byte) (Outline, error) {
	var doc outlineDoc
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return Outline{}, fmt.Errorf("%w: %s: %w", ErrTariff, file, err)
	}
	c := compiler{file: file, loc: time.UTC}
	if zone := parse(&c, doc.TimeZone, "time_zone", time.LoadLocation); zone != nil {
		c.loc = zone
	}
	out := Outline{Version: doc.Version.value}
	if doc.EffectiveFrom.given() {
		out.From = c.moment(doc.EffectiveFrom, "effective_from")
	}
	if doc.EffectiveTo.given() {
		out.Till = c.moment(doc.EffectiveTo, "effective_to")
	}
	for _, d := range doc.Decks {
		if d.File.given() {
			out.Files = append(out.Files, d.File.value)
		}
	}
	return out, errors.Join(c.faults...)
}
