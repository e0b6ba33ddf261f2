package config

import (
	"fmt"
	"time"
)

// Exchange says where exchange rates come from.
type Exchange struct {
	// Addresses or files, such as https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml and https://www.cbr.ru/scripts/XML_daily.asp.
	Sources      []string      `yaml:"sources" env:"SOURCES"`
	Every        time.Duration `yaml:"every" env:"EVERY"`                 // How long rates are good for before they are fetched again.
	AllowPrivate bool          `yaml:"allow_private" env:"ALLOW_PRIVATE"` // Sources may be on this host or in a private network.
}

const (
	leastEvery = time.Minute
	// MostWaits is how long somebody waits between two looks whether something is due.
	MostWaits = time.Minute // Between two looks whether something is due.
)

func (c *Exchange) validate() error {
	if len(c.Sources) > 0 && c.Every < leastEvery {
		return fmt.Errorf("exchange.every is %s: use %s or more", c.Every, leastEvery)
	}
	return nil
}
