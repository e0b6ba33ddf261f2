package provision

import (
	"cmp"
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// TariffOf is the tariff by which calls of an extension are charged to the tenant: its own, else the branch's, else the tenant's.
func (t *Tenant) TariffOf(branch, extension string) string {
	of := t.Tariff
	for i := range t.Branches {
		b := &t.Branches[i]
		if b.ID == branch {
			of = cmp.Or(b.Tariff, of)
		}
	}
	for i := range t.Branches {
		for j := range t.Branches[i].Extensions {
			if e := &t.Branches[i].Extensions[j]; e.ID == extension && extension != "" {
				return cmp.Or(e.Tariff, of)
			}
		}
	}
	return of
}

// Tenant is a client company.
type Tenant struct {
	ID         string         `yaml:"id" access:"client"`
	Name       string         `yaml:"name,omitempty" access:"client"`
	TimeZone   string         `yaml:"time_zone" access:"client"` // IANA name; days and months of limits and invoices are counted in it.
	Currency   money.Currency `yaml:"currency" access:"client"`
	Tariff     string         `yaml:"tariff" access:"price"`
	DialPlan   string         `yaml:"dial_plan" access:"open"`
	RoutePlan  string         `yaml:"route_plan,omitempty" access:"open"`
	Account    Account        `yaml:"account" access:"client,price"`
	Limits     []Limit        `yaml:"limits,omitempty" access:"client,price"`
	MaxNumbers int            `yaml:"max_numbers,omitempty" access:"open"` // How many numbers the client may have; 0: any.
	MaxCalls   int            `yaml:"max_calls,omitempty" access:"client"`
	MaxCPS     int            `yaml:"max_cps,omitempty" access:"open"`
	MaxPrice   *money.Rate    `yaml:"max_price,omitempty" access:"price"`       // Dearest price per minute that the client accepts.
	MaxFee     *money.Amount  `yaml:"max_connect_fee,omitempty" access:"price"` // Dearest connection fee that the client accepts.
	CallerID   string         `yaml:"caller_id,omitempty" access:"client"`      // E.164 number shown where branch and extension have none.
	CallerIDs  []CallerIDRule `yaml:"caller_id_rules,omitempty" access:"open"`  // By direction and group of extensions; the first that fits goes before all other caller ids.
	// Permitted are prefixes of the numbers beside its own that the tenant's trunks may show, and its phones ask for.
	Permitted  []string `yaml:"permitted_caller_ids,omitempty" access:"open"`
	Barring    `yaml:",inline"`
	Networks   []string `yaml:"networks,omitempty" access:"open"`    // Where its phones may register and call from, as Trunk.Sources; empty: anywhere.
	AllowRisky bool     `yaml:"allow_risky,omitempty" access:"open"` // It may call the operator's risky destinations.
	// ShowForwarded shows the original caller's number where a call is forwarded outside; else it is the tenant's own,
	// since many carriers accept no other.
	ShowForwarded bool     `yaml:"show_forwarded_caller,omitempty" access:"open"`
	Brand         string   `yaml:"brand,omitempty" access:"open"` // How its pages and documents look; the operator's own if empty.
	Groups        []Group  `yaml:"groups,omitempty" access:"client"`
	Inactive      bool     `yaml:"inactive,omitempty" access:"client"`
	Branches      []Branch `yaml:"branches,omitempty" access:"client"`
	Numbers       []Number `yaml:"numbers,omitempty" access:"client"`
	Trunks        []Trunk  `yaml:"trunks,omitempty" access:"open"`
	PBXs          []PBX    `yaml:"pbxs,omitempty" access:"open"` // Systems whose call records are imported.
}

// Account says how a tenant pays.
type Account struct {
	Mode   string       `yaml:"mode" access:"client"`             // prepaid or postpaid.
	Credit money.Amount `yaml:"credit,omitempty" access:"client"` // How far below zero the balance may go.
	Opened money.Amount `yaml:"opening,omitempty" access:"open"`  // Posted once, when the account is made.
}

// Limit is a cap on spending or use in a period of the tenant's calendar.
type Limit struct {
	Period  string        `yaml:"period" access:"client"` // day, week (from Monday) or month.
	Money   *money.Amount `yaml:"money,omitempty" access:"client"`
	Seconds *int64        `yaml:"seconds,omitempty" access:"client"`
	Calls   *int64        `yaml:"calls,omitempty" access:"client"`
}

// Branch is a department or city of a tenant: the cost centre of expense reports.
type Branch struct {
	ID        string  `yaml:"id" access:"client"`
	Name      string  `yaml:"name,omitempty" access:"client"`
	Parent    string  `yaml:"parent,omitempty" access:"client"` // Another branch, for trees such as company > city > department.
	City      string  `yaml:"city,omitempty" access:"client"`
	Area      string  `yaml:"area,omitempty" access:"client"` // Area code for locally dialled numbers.
	Tariff    string  `yaml:"tariff,omitempty" access:"price"`
	DialPlan  string  `yaml:"dial_plan,omitempty" access:"open"`
	CallerID  string  `yaml:"caller_id,omitempty" access:"client"`
	Limits    []Limit `yaml:"limits,omitempty" access:"client,price"`
	MaxCalls  int     `yaml:"max_calls,omitempty" access:"client"`
	MaxCPS    int     `yaml:"max_cps,omitempty" access:"open"`
	Anonymous bool    `yaml:"anonymous,omitempty" access:"open"` // Its phones hide their numbers.
	Barring   `yaml:",inline"`
	// EmergencyCallerID is what emergency services see of its phones, by which they find the place and call back; Location is where that
	// is, as a URI for Geolocation (RFC 6442), given to gateways with the emergency calls of phones that give none themselves.
	EmergencyCallerID string      `yaml:"emergency_caller_id,omitempty" access:"open"`
	Location          string      `yaml:"location,omitempty" access:"open"`
	Networks          []string    `yaml:"networks,omitempty" access:"open"` // Goes before those of the tenant.
	Extensions        []Extension `yaml:"extensions,omitempty" access:"client"`
}

// Extension is an employee's short number and SIP login.
type Extension struct {
	ID       string    `yaml:"id" access:"client"` // The short number, e.g. "101"; unique in the tenant.
	Name     string    `yaml:"name,omitempty" access:"client"`
	Login    string    `yaml:"login,omitempty" access:"client"` // SIP user name, unique in the realm; "tenant-id" and the short number if empty: beauty-101.
	Password string    `yaml:"password,omitempty" access:"secret"`
	Since    time.Time `yaml:"since,omitempty" access:"client"` // When the extension came to this branch; the beginning of time if empty.
	Tariff   string    `yaml:"tariff,omitempty" access:"price"`
	DialPlan string    `yaml:"dial_plan,omitempty" access:"open"`
	CallerID string    `yaml:"caller_id,omitempty" access:"client"`
	// EmergencyCallerID and Location go before those of the branch.
	EmergencyCallerID string  `yaml:"emergency_caller_id,omitempty" access:"open"`
	Location          string  `yaml:"location,omitempty" access:"open"`
	Limits            []Limit `yaml:"limits,omitempty" access:"client,price"`
	MaxCalls          int     `yaml:"max_calls,omitempty" access:"client"`
	MaxCPS            int     `yaml:"max_cps,omitempty" access:"open"`
	Inactive          bool    `yaml:"inactive,omitempty" access:"client"`
	// Anonymous hides the extension's number from those it calls.
	Anonymous bool          `yaml:"anonymous,omitempty" access:"open"`
	Area      string        `yaml:"area,omitempty" access:"client"`      // Area code for locally dialled numbers; the branch's if empty.
	RingTime  time.Duration `yaml:"ring_time,omitempty" access:"client"` // How long it rings before nobody is taken to answer; default as the proxy is set up.
	Forward   *Forward      `yaml:"forward,omitempty" access:"client"`
	Media     string        `yaml:"media,omitempty" access:"open"` // direct or relay: how its voice goes; see MediaRelay.
	Barring   `yaml:",inline"`
	Networks  []string `yaml:"networks,omitempty" access:"open"` // Where it may register and call from; goes before those of the branch.
	// Contacts are where its phones may be reached beside where they register from, such as behind a proxy that adds no Path.
	Contacts []string `yaml:"contacts,omitempty" access:"open"`
	// HA1MD5 and HA1SHA256 are the hashes that digest authentication needs (RFC 7616, section 3.4.2), in lower-case hex.
	// They are made of Password when the file is read, and are what is stored.
	HA1MD5    string `yaml:"ha1_md5,omitempty" access:"secret"`
	HA1SHA256 string `yaml:"ha1_sha256,omitempty" access:"secret"`
}

// How the voice of a gateway, extension or trunk goes. A call goes through the relay when one of its sides asks for that;
// direct says that this side does not, whatever it looks like.
const (
	MediaDirect = "direct" // From end to end.
	MediaRelay  = "relay"  // Through a media relay, because it stands behind a router that lets nothing in.
)

// Number is a telephone number (DID) that the tenant is reached by.
type Number struct {
	E164      e164.Number `yaml:"number" access:"client"`
	Class     string      `yaml:"class,omitempty" access:"client"` // One of the operator's number_classes.
	Branch    string      `yaml:"branch,omitempty" access:"client"`
	Extension string      `yaml:"extension,omitempty" access:"client"` // Where calls to it go.
	Group     string      `yaml:"group,omitempty" access:"client"`     // Or to a group.
	Trunk     string      `yaml:"trunk,omitempty" access:"open"`       // Or to a trunk: a PBX or media server, which is told the number.
	Trunks    []string    `yaml:"trunks,omitempty" access:"open"`      // Or to several, in this order: the next one where one does not take the call.
	Forward   *Forward    `yaml:"forward,omitempty" access:"client"`   // Goes before the forwarding of the extension.
	MaxCalls  int         `yaml:"max_calls,omitempty" access:"client"` // Quota of simultaneous inbound calls.
	MaxCPS    int         `yaml:"max_cps,omitempty" access:"open"`     // Quota of new inbound calls a second.
}

// Group is some extensions of a tenant that take calls together.
type Group struct {
	ID         string        `yaml:"id" access:"client"`
	Mode       string        `yaml:"mode" access:"client"`                // all: they ring at the same time; in_turn: one after the other, in their order; least_recent: who has waited longest first.
	Extensions []string      `yaml:"extensions" access:"client"`          // Of the tenant.
	RingTime   time.Duration `yaml:"ring_time,omitempty" access:"client"` // How long one of them rings, or all; default 20s.
}

// Forward says where calls go that an extension, group or number does not take: a number as it is dialled, or an
// extension. What is forwarded to a number outside is an outbound call of whoever forwards it, with its price and limits.
type Forward struct {
	Always      string        `yaml:"always,omitempty" access:"client"`
	Busy        string        `yaml:"busy,omitempty" access:"client"`
	NoAnswer    string        `yaml:"no_answer,omitempty" access:"client"`
	After       time.Duration `yaml:"after,omitempty" access:"client"` // How long it rings before NoAnswer; default 20s.
	Unavailable string        `yaml:"unavailable,omitempty" access:"client"`
}

// Barring says which numbers may not be called. A call must be let through by the operator, the tenant, the branch and the
// extension, each by its own lists.
type Barring struct {
	Blocked []string `yaml:"blocked,omitempty" access:"open"` // Prefixes. Of a blocked and an allowed prefix the longer counts.
	Allowed []string `yaml:"allowed,omitempty" access:"open"` // Prefixes; if there are any, no other number may be called.
}

// CallerIDRule chooses the number that the called party sees.
type CallerIDRule struct {
	To         []string `yaml:"to,omitempty" access:"open"`         // Prefixes of the called number; empty: any.
	Branches   []string `yaml:"branches,omitempty" access:"open"`   // Empty: all.
	Extensions []string `yaml:"extensions,omitempty" access:"open"` // Empty: all.
	// Show are numbers with country codes. Of several the one is shown that has the most leading digits in common with the
	// called number, and of those the first.
	Show      []string `yaml:"show,omitempty" access:"open"`
	Anonymous bool     `yaml:"anonymous,omitempty" access:"open"` // The number is hidden.
}

// Group returns a group of the tenant by id; nil: it has none of that id.
func (t *Tenant) Group(id string) *Group {
	for i := range t.Groups {
		if t.Groups[i].ID == id && id != "" {
			return &t.Groups[i]
		}
	}
	return nil
}
