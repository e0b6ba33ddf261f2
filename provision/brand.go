package provision

import (
	"fmt"
	"net"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Brand is how the pages and documents of some clients look: those of a reseller, or of a segment of one's own.
type Brand struct {
	ID     string   `yaml:"id" access:"open"`
	Name   string   `yaml:"name" access:"open"`             // Shown in the place of the operator's.
	Hosts  []string `yaml:"hosts,omitempty" access:"open"`  // Host names of the pages by which its people come, such as client.partner.example.
	Colour string   `yaml:"colour,omitempty" access:"open"` // Of what stands out, such as "#0b63ce".
	Logo   string   `yaml:"logo,omitempty" access:"open"`   // PNG or JPEG file beside the operator's.

	// Image is the logo itself, read when the brand is put in force.
	Image []byte `yaml:"-"`
}

// ImageType is the media type of the logo; empty: there is none that can be shown.
func (b *Brand) ImageType() string {
	switch strings.ToLower(path.Ext(b.Logo)) {
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	}
	return ""
}

// maxLogo bounds a logo, which is sent with every page.
const maxLogo = 512 << 10

// takeLogos reads the pictures of the brands.
func (b *Bundle) takeLogos(take func(name, field string) error) error {
	for i := range b.Operator.Brands {
		if logo := b.Operator.Brands[i].Logo; logo != "" {
			if err := take(logo, fmt.Sprintf("brands[%d].logo", i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// showLogos gives every brand its picture.
func (b *Bundle) showLogos() {
	for i := range b.Operator.Brands {
		one := &b.Operator.Brands[i]
		one.Image = b.Files[one.Logo]
	}
}

// brands checks how clients' pages look.
func (c *checker) brands(o *Operator) {
	known := ids(c, "brands", o.Brands, func(b *Brand) string { return b.ID })
	colour := regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	hosts := make(map[string]bool)
	for i := range o.Brands {
		b, at := &o.Brands[i], fmt.Sprintf("brands[%d].", i)
		if b.Name == "" {
			c.add(at+"name", "is empty", "give the name that its people know")
		}
		if b.Colour != "" && !colour.MatchString(b.Colour) {
			c.add(at+"colour", fmt.Sprintf("%q is no colour", b.Colour), `write six hexadecimal digits, such as "#0b63ce"`)
		}
		if b.Logo != "" && b.ImageType() == "" {
			c.add(at+"logo", fmt.Sprintf("%q is no picture", b.Logo), "name a .png, .jpg or .jpeg file")
		}
		if len(c.b.Files[b.Logo]) > maxLogo {
			c.add(at+"logo", "is larger than 512 KiB", "take a smaller picture: it is sent with every page")
		}
		for j, host := range b.Hosts {
			if hosts[host] || strings.ToLower(host) != host || strings.ContainsAny(host, "/: ") {
				c.add(fmt.Sprintf("%shosts[%d]", at, j), fmt.Sprintf("%q", host), "write each host name once, in lower case, without port")
			}
			hosts[host] = true
		}
	}
	for i := range o.Tenants {
		c.refers(fmt.Sprintf("tenants[%d].brand", i), o.Tenants[i].Brand, "brand", known)
	}
}

// BrandAt returns the brand of a host name, with or without a port; nil: none.
func (s *Snapshot) BrandAt(host string) *Brand {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	i := slices.IndexFunc(s.operator.Brands, func(b Brand) bool { return slices.Contains(b.Hosts, strings.ToLower(host)) })
	if i < 0 {
		return nil
	}
	return &s.operator.Brands[i]
}

// BrandOf returns the brand of a tenant; nil: it has none.
func (s *Snapshot) BrandOf(tenant string) *Brand {
	t, ok := s.tenants[tenant]
	if !ok || t.Brand == "" {
		return nil
	}
	i := slices.IndexFunc(s.operator.Brands, func(b Brand) bool { return b.ID == t.Brand })
	if i < 0 {
		return nil
	}
	return &s.operator.Brands[i]
}
