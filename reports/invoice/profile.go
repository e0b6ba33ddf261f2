package invoice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"trunkline/reports"
	"trunkline/reports/invoice/tax"
)

// ErrProfile is returned, wrapped, for a billing profile that makes no sense.
var ErrProfile = errors.New("bad billing profile")

// Profile is how a tenant is invoiced. What a tenant's profile leaves out is taken from the operator's.
type Profile struct {
	Tenant   string                       `json:"tenant,omitempty" yaml:"tenant,omitempty"` // Empty: the operator's, which holds for all.
	Since    time.Time                    `json:"since,omitzero" yaml:"since,omitempty"`    // When the contract began; when the tenant was set up, if empty.
	StartDay int                          `json:"start_day,omitempty" yaml:"start_day,omitempty"`
	DueDays  int                          `json:"due_days,omitempty" yaml:"due_days,omitempty"`
	Language string                       `json:"language,omitempty" yaml:"language,omitempty"` // ru, en or de.
	Seller   Party                        `json:"seller,omitzero" yaml:"seller,omitempty"`
	Buyer    Party                        `json:"buyer,omitzero" yaml:"buyer,omitempty"`
	Tax      tax.Rule                     `json:"tax,omitzero" yaml:"tax,omitempty"`
	Share    reports.ShareRule            `json:"share,omitempty" yaml:"share,omitempty"`   // How fees of the whole company are shared out.
	Shares   map[string]reports.ShareRule `json:"shares,omitempty" yaml:"shares,omitempty"` // The same by the name of a fee.
	// Discounts are taken off what is charged. Those of the operator's profile are for everybody, beside the client's own.
	Discounts []Discount `json:"discounts,omitempty" yaml:"discounts,omitempty"`
	Number    Numbering  `json:"number,omitzero" yaml:"number,omitempty"`
	Brand     Brand      `json:"brand,omitzero" yaml:"brand,omitempty"`
}

// Party is who sells or buys.
type Party struct {
	Name    string   `json:"name,omitempty" yaml:"name,omitempty"`
	Address []string `json:"address,omitempty" yaml:"address,omitempty"`
	TaxID   string   `json:"tax_id,omitempty" yaml:"tax_id,omitempty"`
	Bank    []string `json:"bank,omitempty" yaml:"bank,omitempty"`
	Mail    string   `json:"mail,omitempty" yaml:"mail,omitempty"`
}

// Numbering is how documents are numbered: the prefix names a series, and its documents are counted from 1 without gaps.
// "{year}" in it is the year of issue.
type Numbering struct {
	Prefix string `json:"prefix,omitempty" yaml:"prefix,omitempty"`
	Width  int    `json:"width,omitempty" yaml:"width,omitempty"`
}

// Brand is how documents look.
type Brand struct {
	Colour string `json:"colour,omitempty" yaml:"colour,omitempty"` // "#1a4d8f".
	Logo   []byte `json:"logo,omitempty" yaml:"logo,omitempty"`     // PNG or JPEG.
}

const maxProfile = 1 << 20

// ParseProfiles reads profiles, one YAML document each.
func ParseProfiles(text []byte) ([]Profile, error) {
	if len(text) > maxProfile {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrProfile, maxProfile)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var out []Profile
	for {
		var p Profile
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProfile, err)
		}
		if err := p.Validate(); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
}

// Validate reports what makes the profile unusable.
func (p *Profile) Validate() error {
	fault := func(field, what string) error {
		return fmt.Errorf("%w: tenant %q: %s: %s", ErrProfile, p.Tenant, field, what)
	}
	switch {
	case p.StartDay < 0 || p.StartDay > 28:
		return fault("start_day", "want 1 to 28")
	case p.DueDays < 0 || p.DueDays > 366:
		return fault("due_days", "want 0 to 366")
	case p.Language != "" && p.Language != "ru" && p.Language != "en" && p.Language != "de":
		return fault("language", "want ru, en or de")
	case p.Number.Width < 0 || p.Number.Width > 12:
		return fault("number.width", "want 0 to 12")
	case p.Brand.Colour != "" && !isColour(p.Brand.Colour):
		return fault("brand.colour", "want # and six hexadecimal digits, such as #1a4d8f")
	}
	if _, err := reports.ParseShareRule(string(p.Share)); err != nil {
		return fault("share", err.Error())
	}
	for i := range p.Discounts {
		if err := p.Discounts[i].check(); err != nil {
			return fault(fmt.Sprintf("discounts[%d]", i), err.Error())
		}
	}
	for fee, rule := range p.Shares {
		if _, err := reports.ParseShareRule(string(rule)); err != nil {
			return fault("shares."+fee, err.Error())
		}
	}
	if err := p.Tax.Validate(); err != nil {
		return fault("tax", err.Error())
	}
	return nil
}

func isColour(s string) bool {
	return len(s) == 7 && s[0] == '#' && strings.Trim(strings.ToLower(s[1:]), "0123456789abcdef") == ""
}

// Over fills what the profile leaves out from another one, and then from what holds without any.
func (p Profile) Over(base Profile) Profile {
	if p.Since.IsZero() {
		p.Since = base.Since
	}
	if p.StartDay == 0 {
		p.StartDay = max(1, base.StartDay)
	}
	if p.DueDays == 0 {
		p.DueDays = base.DueDays
	}
	p.Language = first(p.Language, base.Language, "en")
	p.Seller, p.Buyer = p.Seller.over(base.Seller), p.Buyer.over(Party{})
	if p.Tax.IsZero() {
		p.Tax = base.Tax
	}
	p.Tax.Name = p.Tax.Title()
	p.Share = reports.ShareRule(first(string(p.Share), string(base.Share), string(reports.Evenly)))
	shares := make(map[string]reports.ShareRule)
	for _, from := range []map[string]reports.ShareRule{base.Shares, p.Shares} {
		maps.Copy(shares, from)
	}
	p.Shares = shares
	p.Discounts = append(slices.Clone(base.Discounts), p.Discounts...)
	p.Number.Prefix = first(p.Number.Prefix, base.Number.Prefix, "{year}-")
	if p.Number.Width == 0 {
		p.Number.Width = max(base.Number.Width, 5*btoi(base.Number.Width == 0))
	}
	p.Brand.Colour = first(p.Brand.Colour, base.Brand.Colour, "#1f3a5f")
	if len(p.Brand.Logo) == 0 {
		p.Brand.Logo = base.Brand.Logo
	}
	return p
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p Party) over(base Party) Party {
	p.Name, p.TaxID, p.Mail = first(p.Name, base.Name), first(p.TaxID, base.TaxID), first(p.Mail, base.Mail)
	if len(p.Address) == 0 {
		p.Address = base.Address
	}
	if len(p.Bank) == 0 {
		p.Bank = base.Bank
	}
	return p
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
