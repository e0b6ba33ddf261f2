package provision

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"trunkline/internal/e164"
)

// PBX is a foreign telephone system of a tenant whose call records are imported.
type PBX struct {
	ID         string         `yaml:"id" access:"open"`
	Name       string         `yaml:"name,omitempty" access:"open"`
	Format     string         `yaml:"format" access:"open"`              // Name of a format; `trunkline import formats` lists them. Or a file, mine.yaml.
	TimeZone   string         `yaml:"time_zone,omitempty" access:"open"` // Of its clock; the tenant's if empty.
	Branch     string         `yaml:"branch" access:"open"`              // Whose calls are those that no mapping knows.
	Stamp      string         `yaml:"stamp,omitempty" access:"open"`     // What the time of a record is, if not what the format says.
	Charset    string         `yaml:"charset,omitempty" access:"open"`   // Of names in its records; utf-8 if empty.
	Prefix     string         `yaml:"prefix,omitempty" access:"open"`    // Access code in front of what is dialled, such as "9"; taken off.
	Seizure    time.Duration  `yaml:"seizure,omitempty" access:"open"`   // Outgoing calls: counted from the seizure; so much is taken off.
	Round      *PBXRound      `yaml:"round,omitempty" access:"open"`     // How durations are rounded after that.
	Source     PBXSource      `yaml:"source,omitempty" access:"open"`    // The way in for `trunkline collect`.
	Extensions []PBXExtension `yaml:"extensions,omitempty" access:"open"`
	Trunks     []PBXTrunk     `yaml:"trunks,omitempty" access:"open"`
	Accounts   []PBXAccount   `yaml:"accounts,omitempty" access:"open"`

	// Description is what the file says that Format names: a format of the operator's own. Empty for a built-in one.
	Description []byte `yaml:"-"`
}

// OwnFormat reports whether Format names a file beside the operator's file.
func (p *PBX) OwnFormat() bool {
	return strings.HasSuffix(p.Format, ".yaml") || strings.HasSuffix(p.Format, ".yml")
}

// PBXRound says how durations are rounded.
type PBXRound struct {
	To  time.Duration `yaml:"to" access:"open"`
	Way string        `yaml:"way" access:"open"` // up, down or nearest (halves go up).
}

// PBXSource is how the records of a PBX come in.
type PBXSource struct {
	Kind     string   `yaml:"kind,omitempty" access:"open"`       // folder, listen, connect or serial; empty: by hand only.
	Path     string   `yaml:"path,omitempty" access:"open"`       // folder: the folder; serial: the device, set up with stty.
	Files    string   `yaml:"files,omitempty" access:"open"`      // folder: pattern of the names, such as Master*.csv; all files if empty.
	Address  string   `yaml:"address,omitempty" access:"open"`    // listen, connect: host:port.
	Allow    []string `yaml:"allow,omitempty" access:"open"`      // listen: addresses or CIDR ranges that may connect; loopback only if empty.
	User     string   `yaml:"user,omitempty" access:"open"`       // connect: sent when a prompt comes; Panasonic's is SMDR.
	Password string   `yaml:"password,omitempty" access:"secret"` // connect: sent at the next prompt.
}

// PBXExtension says whose an extension of the PBX is, from a moment on and before another.
type PBXExtension struct {
	Number    string    `yaml:"number" access:"open"` // As the PBX records it; X is any digit, and "*" at the end anything.
	Branch    string    `yaml:"branch,omitempty" access:"open"`
	Extension string    `yaml:"extension,omitempty" access:"open"` // The tenant's extension; the recorded number if empty.
	Since     time.Time `yaml:"since,omitempty" access:"open"`
	Till      time.Time `yaml:"till,omitempty" access:"open"`
}

// PBXTrunk says what a line of the PBX is.
type PBXTrunk struct {
	ID       string      `yaml:"id" access:"open"`                // As the PBX records it; X is any digit, and "*" at the end anything.
	Tariff   string      `yaml:"tariff,omitempty" access:"price"` // Of its operator; that of the extension, branch or tenant if empty.
	Number   e164.Number `yaml:"number,omitempty" access:"open"`  // The tenant's number on it, for incoming calls without one.
	Internal bool        `yaml:"internal,omitempty" access:"open"`
	Group    string      `yaml:"group,omitempty" access:"open"` // Trunk group that it is one of; it is one by itself if empty.
	Lines    int         `yaml:"lines,omitempty" access:"open"` // How many lines it is. One if empty where it is in a group and its id has no open place.
	Since    time.Time   `yaml:"since,omitempty" access:"open"`
	Till     time.Time   `yaml:"till,omitempty" access:"open"`
}

// PBXAccount says who pays for calls with an account code.
type PBXAccount struct {
	Code      string    `yaml:"code" access:"open"`
	Branch    string    `yaml:"branch,omitempty" access:"open"`
	Extension string    `yaml:"extension,omitempty" access:"open"`
	Since     time.Time `yaml:"since,omitempty" access:"open"`
	Till      time.Time `yaml:"till,omitempty" access:"open"`
}

// PBXPlace is whose a call of a PBX is.
type PBXPlace struct {
	Branch    string
	Extension string
	Tariff    string
	OfTrunk   bool        // Tariff is that of the line.
	CallerID  e164.Number // The number that the extension shows.
	Internal  bool        // The line leads to another system of the tenant.
	Number    e164.Number // The tenant's number on the line.
}

// PBX returns a PBX of a tenant by id.
func (s *Snapshot) PBX(tenant, id string) (*PBX, bool) {
	t, ok := s.tenants[tenant]
	if !ok {
		return nil, false
	}
	for i := range t.PBXs {
		if t.PBXs[i].ID == id {
			return &t.PBXs[i], true
		}
	}
	return nil, false
}

// PlaceCall says whose a call of a PBX was at a moment: the account code decides first, then the mapping of the extension,
// then the tenant's extension of the same number, then the branch of the PBX.
func (s *Snapshot) PlaceCall(tenant string, p *PBX, extension, account, trunk string, at time.Time) PBXPlace {
	t, ok := s.tenants[tenant]
	if !ok {
		return PBXPlace{}
	}
	place := PBXPlace{Branch: p.Branch, Extension: extension}
	if own, ok := s.extensions[extensionKey{tenant, extension}]; ok && !at.Before(own.Extension.Since) {
		place.Branch = own.Branch.ID
	}
	if e := p.mapping(extension, at); e != nil {
		place.Branch, place.Extension = s.branchOf(tenant, e.Branch, e.Extension, place.Branch), cmp.Or(e.Extension, extension)
	}
	if a := p.account(account, at); a != nil {
		place.Branch, place.Extension = s.branchOf(tenant, a.Branch, a.Extension, place.Branch), cmp.Or(a.Extension, place.Extension)
	}
	line := p.trunk(trunk, at)
	place.Internal, place.Number = line.Internal, line.Number
	branch, ext := s.branches[branchKey{tenant, place.Branch}], &Extension{ID: place.Extension}
	if branch == nil {
		branch = &Branch{}
	}
	if own, ok := s.extensions[extensionKey{tenant, place.Extension}]; ok {
		ext = own.Extension
	}
	place.Tariff, place.OfTrunk = cmp.Or(line.Tariff, ext.Tariff, branch.Tariff, t.Tariff), line.Tariff != ""
	place.CallerID = shownNumber(t, branch, ext)
	return place
}

// mapping is what says whose an extension was at a moment; nil: none fits.
func (p *PBX) mapping(extension string, at time.Time) *PBXExtension {
	return inForce(p.Extensions, at, func(e *PBXExtension) *period { return &period{e.Number, e.Since, e.Till} },
		func(pattern string) bool { return matchRecorded(pattern, extension) })
}

// trunk is what a line was at a moment; empty: none fits.
func (p *PBX) trunk(recorded string, at time.Time) PBXTrunk {
	best := inForce(p.Trunks, at, func(t *PBXTrunk) *period { return &period{t.ID, t.Since, t.Till} },
		func(pattern string) bool { return matchRecorded(pattern, recorded) })
	if best == nil {
		return PBXTrunk{}
	}
	return *best
}

// account is whose calls with an account code were at a moment; nil: the code is not known.
func (p *PBX) account(code string, at time.Time) *PBXAccount {
	return inForce(p.Accounts, at, func(a *PBXAccount) *period { return &period{a.Code, a.Since, a.Till} },
		func(known string) bool { return known == code })
}

// branchOf is the branch that a mapping names, or that its extension is in.
func (s *Snapshot) branchOf(tenant, branch, extension, other string) string {
	if own, ok := s.extensions[extensionKey{tenant, extension}]; ok && branch == "" {
		return own.Branch.ID
	}
	return cmp.Or(branch, other)
}

// shownNumber is the number that an extension shows outside.
func shownNumber(t *Tenant, b *Branch, e *Extension) e164.Number {
	for _, text := range []string{e.CallerID, b.CallerID, t.CallerID} {
		if n, err := e164.Parse(text); text != "" && err == nil {
			return n
		}
	}
	for i := range t.Numbers {
		if n := &t.Numbers[i]; n.Extension != "" && n.Extension == e.ID || n.Branch != "" && n.Branch == b.ID {
			return n.E164
		}
	}
	return e164.Number{}
}

// matchRecorded holds what a PBX recorded against a pattern: X is any digit, "*" at the end is anything, everything else is itself.
func matchRecorded(pattern, text string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok && len(head) > 0 && len(text) >= len(head) {
		pattern, text = head, text[:len(head)]
	}
	if len(pattern) != len(text) || text == "" {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] == 'X' && text[i]-'0' <= 9 {
			continue
		}
		if pattern[i] != text[i] {
			return false
		}
	}
	return true
}

func (c *checker) pbxs(at string, t *Tenant, branches map[string]bool) {
	ids(c, at+".pbxs", t.PBXs, func(p *PBX) string { return p.ID })
	for i := range t.PBXs {
		p := &t.PBXs[i]
		field := fmt.Sprintf("%s.pbxs[%d]", at, i)
		if !p.OwnFormat() && !c.word.MatchString(p.Format) {
			c.add(field+".format", fmt.Sprintf("%q is no format", p.Format), "name one that `trunkline import formats` lists, or a file such as mine.yaml")
		}
		if p.TimeZone != "" {
			c.zone(field+".time_zone", p.TimeZone)
		}
		c.requires(field+".branch", p.Branch, "branch", branches)
		if p.Seizure < 0 {
			c.add(field+".seizure", "is negative", "give 0s or more")
		}
		if r := p.Round; r != nil && (r.To < time.Second || r.Way != "up" && r.Way != "down" && r.Way != "nearest") {
			c.add(field+".round", "is not complete", "give to (1s or more) and way (up, down or nearest)")
		}
		if p.Stamp != "" && p.Stamp != "start" && p.Stamp != "answer" && p.Stamp != "end" {
			c.add(field+".stamp", fmt.Sprintf("%q is no moment of a call", p.Stamp), "use start, answer or end")
		}
		c.pbxSource(field+".source", &p.Source)
		c.pbxRefers(field, p, branches)
		c.pbxPeriods(field, p)
	}
}

// pbxRefers makes sure that what a PBX's mappings and trunks name is there.
func (c *checker) pbxRefers(field string, p *PBX, branches map[string]bool) {
	for j := range p.Extensions {
		c.refers(fmt.Sprintf("%s.extensions[%d].branch", field, j), p.Extensions[j].Branch, "branch", branches)
	}
	for j := range p.Trunks {
		c.refers(fmt.Sprintf("%s.trunks[%d].tariff", field, j), p.Trunks[j].Tariff, "tariff", c.tariffs)
		if n := p.Trunks[j].Lines; n < 0 || n > maxTrunkLines {
			c.add(fmt.Sprintf("%s.trunks[%d].lines", field, j), fmt.Sprintf("%d is no number of lines", n), fmt.Sprintf("give 1 to %d, or leave it out", maxTrunkLines))
		}
	}
	for j := range p.Accounts {
		c.refers(fmt.Sprintf("%s.accounts[%d].branch", field, j), p.Accounts[j].Branch, "branch", branches)
	}
}

func (c *checker) pbxSource(field string, s *PBXSource) {
	switch s.Kind {
	case "":
	case "folder", "serial":
		if s.Path == "" {
			c.add(field+".path", "is empty", "name the folder or the device")
		}
	case "listen", "connect":
		if !strings.Contains(s.Address, ":") {
			c.add(field+".address", fmt.Sprintf("%q is no address", s.Address), "give host:port, such as 192.0.2.10:2300")
		}
		if len(s.Allow) > 0 {
			c.sources(field+".allow", s.Allow)
		}
	default:
		c.add(field+".kind", fmt.Sprintf("%q is no way in", s.Kind), "use folder, listen, connect or serial")
	}
}
