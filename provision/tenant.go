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
	ID         string         `yaml:"id"`
	Name       string         `yaml:"name,omitempty"`
	TimeZone   string         `yaml:"time_zone"` // IANA name; days and months of limits and invoices are counted in it.
	Currency   money.Currency `yaml:"currency"`
	Tariff     string         `yaml:"tariff"`
	DialPlan   string         `yaml:"dial_plan"`
	RoutePlan  string         `yaml:"route_plan,omitempty"`
	Account    Account        `yaml:"account"`
	Limits     []Limit        `yaml:"limits,omitempty"`
	MaxNumbers int            `yaml:"max_numbers,omitempty"` // How many numbers the client may have; 0: any.
	MaxCalls   int            `yaml:"max_calls,omitempty"`
	MaxCPS     int            `yaml:"max_cps,omitempty"`
	MaxPrice   *money.Rate    `yaml:"max_price,omitempty"`       // Dearest price per minute that the client accepts.
	MaxFee     *money.Amount  `yaml:"max_connect_fee,omitempty"` // Dearest connection fee that the client accepts.
	CallerID   string         `yaml:"caller_id,omitempty"`       // E.164 number shown where branch and extension have none.
	CallerIDs  []CallerIDRule `yaml:"caller_id_rules,omitempty"` // By direction and group of extensions; the first that fits goes before all other caller ids.
	// Permitted are prefixes of the numbers beside its own that the tenant's trunks may show, and its phones ask for.
	Permitted  []string `yaml:"permitted_caller_ids,omitempty"`
	Barring    `yaml:",inline"`
	Networks   []string `yaml:"networks,omitempty"`    // Where its phones may register and call from, as Trunk.Sources; empty: anywhere.
	AllowRisky bool     `yaml:"allow_risky,omitempty"` // It may call the operator's risky destinations.
	// ShowForwarded shows the original caller's number where a call is forwarded outside; else it is the tenant's own,
	// since many carriers accept no other.
	ShowForwarded bool     `yaml:"show_forwarded_caller,omitempty"`
	Brand         string   `yaml:"brand,omitempty"` // How its pages and documents look; the operator's own if empty.
	Groups        []Group  `yaml:"groups,omitempty"`
	Inactive      bool     `yaml:"inactive,omitempty"`
	Branches      []Branch `yaml:"branches,omitempty"`
	Numbers       []Number `yaml:"numbers,omitempty"`
	Trunks        []Trunk  `yaml:"trunks,omitempty"`
	PBXs          []PBX    `yaml:"pbxs,omitempty"` // Systems whose call records are imported.
}

// Account says how a tenant pays.
type Account struct {
	Mode   string       `yaml:"mode"`              // prepaid or postpaid.
	Credit money.Amount `yaml:"credit,omitempty"`  // How far below zero the balance may go.
	Opened money.Amount `yaml:"opening,omitempty"` // Posted once, when the account is made.
}

// Limit is a cap on spending or use in a period of the tenant's calendar.
type Limit struct {
	Period  string        `yaml:"period"` // day, week (from Monday) or month.
	Money   *money.Amount `yaml:"money,omitempty"`
	Seconds *int64        `yaml:"seconds,omitempty"`
	Calls   *int64        `yaml:"calls,omitempty"`
}

// Branch is a department or city of a tenant: the cost centre of expense reports.
type Branch struct {
	ID        string  `yaml:"id"`
	Name      string  `yaml:"name,omitempty"`
	Parent    string  `yaml:"parent,omitempty"` // Another branch, for trees such as company > city > department.
	City      string  `yaml:"city,omitempty"`
	Area      string  `yaml:"area,omitempty"` // Area code for locally dialled numbers.
	Tariff    string  `yaml:"tariff,omitempty"`
	DialPlan  string  `yaml:"dial_plan,omitempty"`
	CallerID  string  `yaml:"caller_id,omitempty"`
	Limits    []Limit `yaml:"limits,omitempty"`
	MaxCalls  int     `yaml:"max_calls,omitempty"`
	MaxCPS    int     `yaml:"max_cps,omitempty"`
	Anonymous bool    `yaml:"anonymous,omitempty"` // Its phones hide their numbers.
	Barring   `yaml:",inline"`
	// EmergencyCallerID is what emergency services see of its phones, by which they find the place and call back; Location is where that
	// is, as a URI for Geolocation (RFC 6442), given to gateways with the emergency calls of phones that give none themselves.
	EmergencyCallerID string      `yaml:"emergency_caller_id,omitempty"`
	Location          string      `yaml:"location,omitempty"`
	Networks          []string    `yaml:"networks,omitempty"` // Goes before those of the tenant.
	Extensions        []Extension `yaml:"extensions,omitempty"`
}

// Extension is an employee's short number and SIP login.
type Extension struct {
	ID       string    `yaml:"id"` // The short number, e.g. "101"; unique in the tenant.
	Name     string    `yaml:"name,omitempty"`
	Login    string    `yaml:"login,omitempty"` // SIP user name, unique in the realm; "tenant-id" and the short number if empty: beauty-101.
	Password string    `yaml:"password,omitempty"`
	Since    time.Time `yaml:"since,omitempty"` // When the extension came to this branch; the beginning of time if empty.
	Tariff   string    `yaml:"tariff,omitempty"`
	DialPlan string    `yaml:"dial_plan,omitempty"`
	CallerID string    `yaml:"caller_id,omitempty"`
	// EmergencyCallerID and Location go before those of the branch.
	EmergencyCallerID string  `yaml:"emergency_caller_id,omitempty"`
	Location          string  `yaml:"location,omitempty"`
	Limits            []Limit `yaml:"limits,omitempty"`
	MaxCalls          int     `yaml:"max_calls,omitempty"`
	MaxCPS            int     `yaml:"max_cps,omitempty"`
	Inactive          bool    `yaml:"inactive,omitempty"`
	// Anonymous hides the extension's number from those it calls.
	Anonymous bool          `yaml:"anonymous,omitempty"`
	Area      string        `yaml:"area,omitempty"`      // Area code for locally dialled numbers; the branch's if empty.
	RingTime  time.Duration `yaml:"ring_time,omitempty"` // How long it rings before nobody is taken to answer; default as the proxy is set up.
	Forward   *Forward      `yaml:"forward,omitempty"`
	Media     string        `yaml:"media,omitempty"` // direct or relay: how its voice goes; see MediaRelay.
	Barring   `yaml:",inline"`
	Networks  []string `yaml:"networks,omitempty"` // Where it may register and call from; goes before those of the branch.
	// Contacts are where its phones may be reached beside where they register from, such as behind a proxy that adds no Path.
	Contacts []string `yaml:"contacts,omitempty"`
	// HA1MD5 and HA1SHA256 are the hashes that digest authentication needs (RFC 7616, section 3.4.2), in lower-case hex.
	// They are made of Password when the file is read, and are what is stored.
	HA1MD5    string `yaml:"ha1_md5,omitempty"`
	HA1SHA256 string `yaml:"ha1_sha256,omitempty"`
}

// How the voice of a gateway, extension or trunk goes. A call goes through the relay when one of its sides asks for that;
// direct says that this side does not, whatever it looks like.
const (
	MediaDirect = "direct" // From end to end.
	MediaRelay  = "relay"  // Through a media relay, because it stands behind a router that lets nothing in.
)

// Number is a telephone number (DID) that the tenant is reached by.
type Number struct {
	E164      e164.Number `yaml:"number"`
	Class     string      `yaml:"class,omitempty"` // One of the operator's number_classes.
	Branch    string      `yaml:"branch,omitempty"`
	Extension string      `yaml:"extension,omitempty"` // Where calls to it go.
	Group     string      `yaml:"group,omitempty"`     // Or to a group.
	Trunk     string      `yaml:"trunk,omitempty"`     // Or to a trunk: a PBX or media server, which is told the number.
	Trunks    []string    `yaml:"trunks,omitempty"`    // Or to several, in this order: the next one where one does not take the call.
	Forward   *Forward    `yaml:"forward,omitempty"`   // Goes before the forwarding of the extension.
	MaxCalls  int         `yaml:"max_calls,omitempty"` // Quota of simultaneous inbound calls.
	MaxCPS    int         `yaml:"max_cps,omitempty"`   // Quota of new inbound calls a second.
}

// Group is some extensions of a tenant that take calls together.
type Group struct {
	ID         string        `yaml:"id"`
	Mode       string        `yaml:"mode"`                // all: they ring at the same time; in_turn: one after the other, in their order; least_recent: who has waited longest first.
	Extensions []string      `yaml:"extensions"`          // Of the tenant.
	RingTime   time.Duration `yaml:"ring_time,omitempty"` // How long one of them rings, or all; default 20s.
}

// Forward says where calls go that an extension, group or number does not take: a number as it is dialled, or an
// extension. What is forwarded to a number outside is an outbound call of whoever forwards it, with its price and limits.
type Forward struct {
	Always      string        `yaml:"always,omitempty"`
	Busy        string        `yaml:"busy,omitempty"`
	NoAnswer    string        `yaml:"no_answer,omitempty"`
	After       time.Duration `yaml:"after,omitempty"` // How long it rings before NoAnswer; default 20s.
	Unavailable string        `yaml:"unavailable,omitempty"`
}

// Barring says which numbers may not be called. A call must be let through by the operator, the tenant, the branch and the
// extension, each by its own lists.
type Barring struct {
	Blocked []string `yaml:"blocked,omitempty"` // Prefixes. Of a blocked and an allowed prefix the longer counts.
	Allowed []string `yaml:"allowed,omitempty"` // Prefixes; if there are any, no other number may be called.
}

// CallerIDRule chooses the number that the called party sees.
type CallerIDRule struct {
	To         []string `yaml:"to,omitempty"`         // Prefixes of the called number; empty: any.
	Branches   []string `yaml:"branches,omitempty"`   // Empty: all.
	Extensions []string `yaml:"extensions,omitempty"` // Empty: all.
	// Show are numbers with country codes. Of several the one is shown that has the most leading digits in common with the
	// called number, and of those the first.
	Show      []string `yaml:"show,omitempty"`
	Anonymous bool     `yaml:"anonymous,omitempty"` // The number is hidden.
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
