package provision

import (
	"cmp"
	"time"

	"trunkline/internal/money"
)

// Operator is everything that is provisioned, as it stands in the operator's file.
// All ids are short words of lower-case letters, digits, "-", "_" and "."; they never change.
type Operator struct {
	Name     string         `yaml:"name,omitempty"`
	Realm    string         `yaml:"realm,omitempty"` // Digest realm and SIP domain of the tenants' extensions.
	Exchange []ExchangeRate `yaml:"exchange,omitempty"`
	// Reporting is the currency that margins and figures of the whole house are told in; that of most clients, if empty.
	Reporting money.Currency `yaml:"reporting_currency,omitempty"`
	// Assumed is the length of call by which costs and margins are compared; default 1m. Connect fees and first increments
	// weigh the more the shorter it is.
	Assumed    time.Duration `yaml:"assumed_duration,omitempty"`
	Statistics Statistics    `yaml:"statistics,omitempty"`
	// Between says how calls between clients of the house are priced, which stay inside: tariff (the default), as any call to that number;
	// free; or carrier, where they go out by a carrier and come back.
	Between      string        `yaml:"between_clients,omitempty"`
	Blocked      []string      `yaml:"blocked,omitempty"` // Prefixes that nobody may call.
	Risky        []string      `yaml:"risky,omitempty"`   // Prefixes that only tenants with allow_risky may call.
	Destinations []Destination `yaml:"destinations,omitempty"`
	Brands       []Brand       `yaml:"brands,omitempty"`
	// Classes are the classes of numbers that numbers, fees and counters may name; empty: city, federal, toll-free, multichannel, beautiful
	// and third-party.
	Classes []string `yaml:"number_classes,omitempty"`

	Carriers   []Carrier      `yaml:"carriers,omitempty"`
	Gateways   []Gateway      `yaml:"gateways,omitempty"`
	Decks      []DeckSource   `yaml:"decks,omitempty"`
	Tariffs    []TariffSource `yaml:"tariffs,omitempty"`
	DialPlans  []DialPlan     `yaml:"dial_plans,omitempty"`
	RoutePlans []RoutePlan    `yaml:"route_plans,omitempty"`
	Tenants    []Tenant       `yaml:"tenants,omitempty"`
}

// Statistics says what the figures of gateways are made of that rules of route plans look at.
type Statistics struct {
	Window    time.Duration `yaml:"window,omitempty"`     // How far back attempts count, in quarters of an hour; default 1h.
	ShortCall time.Duration `yaml:"short_call,omitempty"` // Answered calls shorter than this are short calls; default 6s.
}

const (
	defaultWindow    = time.Hour
	defaultShortCall = 6 * time.Second
	maxWindow        = 31 * 24 * time.Hour
)

// Complete returns the settings with the defaults in the place of what is not set.
func (s Statistics) Complete() Statistics {
	return Statistics{Window: cmp.Or(s.Window, defaultWindow), ShortCall: cmp.Or(s.ShortCall, defaultShortCall)}
}

// Destination is a group of prefixes that rules of route plans name.
type Destination struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name,omitempty"`
	Prefixes []string `yaml:"prefixes"`
}

// ExchangeRate says that, from a day on, one unit of From is worth Rate units of To.
type ExchangeRate struct {
	From money.Currency `yaml:"from"`
	To   money.Currency `yaml:"to"`
	Rate string         `yaml:"rate"` // A plain decimal.
	Day  time.Time      `yaml:"day"`  // First UTC day on which the rate holds.
}

// Carrier is a company that takes or brings calls.
type Carrier struct {
	ID       string         `yaml:"id"`
	Name     string         `yaml:"name,omitempty"`
	Currency money.Currency `yaml:"currency"`
	Deck     string         `yaml:"deck,omitempty"` // What it charges; a carrier without a deck only brings calls.
	Hunt     []HuntRule     `yaml:"hunt,omitempty"`
	// DebtLimit is what we may owe the carrier, in its currency; at the limit its gateways are not used any more.
	DebtLimit *money.Amount `yaml:"debt_limit,omitempty"`
	MaxCalls  int           `yaml:"max_calls,omitempty"` // At once, over all its gateways.
	MaxCPS    int           `yaml:"max_cps,omitempty"`   // New ones a second, over all its gateways.
	Inactive  bool          `yaml:"inactive,omitempty"`
}

// DeckSource is a carrier's price list: a CSV file beside the operator's file.
type DeckSource struct {
	ID       string         `yaml:"id"`
	File     string         `yaml:"file"`
	Currency money.Currency `yaml:"currency"`
}

// TariffSource is what tenants pay: a tariff file (YAML) beside the operator's file.
type TariffSource struct {
	ID   string `yaml:"id"`
	File string `yaml:"file"`
}

// Gateway is a SIP peer of a carrier: calls go to it and may come from it.
type Gateway struct {
	ID        string        `yaml:"id"`
	Carrier   string        `yaml:"carrier"`
	Address   string        `yaml:"address"`             // host or host:port that calls are sent to.
	Transport string        `yaml:"transport,omitempty"` // udp, tcp or tls; empty: what the domain's NAPTR and SRV records say, else udp.
	Sources   []string      `yaml:"sources,omitempty"`   // Addresses or CIDR ranges that its calls come from; the host of Address if empty.
	Login     string        `yaml:"login,omitempty"`     // For carriers that challenge our INVITE.
	Password  string        `yaml:"password,omitempty"`
	Register  bool          `yaml:"register,omitempty"` // Register with Login to Address.
	MaxCalls  int           `yaml:"max_calls,omitempty"`
	MaxCPS    int           `yaml:"max_cps,omitempty"`
	Priority  int           `yaml:"priority,omitempty"`
	Weight    int           `yaml:"weight,omitempty"`
	Silence   time.Duration `yaml:"silence,omitempty"`    // Hunt on when nothing at all is heard for so long; default 4s.
	RingTime  time.Duration `yaml:"ring_time,omitempty"`  // Give up when it rings for so long; default 60s.
	Probe     time.Duration `yaml:"probe,omitempty"`      // Interval of OPTIONS; 0 sends none.
	Lock      time.Duration `yaml:"lock,omitempty"`       // How long it stays locked after it failed; default 30s.
	LockAfter int           `yaml:"lock_after,omitempty"` // Failures in a row that lock it; default 5.
	ToRules   []NumberRule  `yaml:"to_rules,omitempty"`   // Applied to the called number in E.164 digits.
	FromRules []NumberRule  `yaml:"from_rules,omitempty"` // Applied to the caller's number.
	// EmergencyRules are applied to the numbers of emergency calls, in the place of ToRules; without any they are sent as they are. What
	// is set may be a URN, such as urn:service:sos (RFC 5031).
	EmergencyRules []NumberRule `yaml:"emergency_rules,omitempty"`
	// Permitted are beginnings of the callers' numbers that the carrier accepts, as in NumberRule.Match; empty: all. A call
	// with another number shows CallerID, and without one passes the gateway over.
	Permitted []string `yaml:"permitted_caller_ids,omitempty"`
	CallerID  string   `yaml:"caller_id,omitempty"`
	Trusted   bool     `yaml:"trusted,omitempty"`   // It is told the number of callers that hide it (P-Asserted-Identity, RFC 3325).
	Diversion bool     `yaml:"diversion,omitempty"` // It is told by whom a call was forwarded (Diversion, RFC 5806).
	// Codecs are the names of those it takes, as in SDP ("PCMA", "opus"): a call that offers none of them passes it over.
	Codecs   []string   `yaml:"codecs,omitempty"`
	SRTP     bool       `yaml:"srtp,omitempty"`         // It takes only calls that offer encrypted media (RFC 3711).
	Media    string     `yaml:"media,omitempty"`        // direct or relay: how its voice goes; see MediaRelay. As the proxy is set up if empty.
	InDial   string     `yaml:"in_dial_plan,omitempty"` // Dial plan for numbers that come from it; digits with country code if empty.
	Hunt     []HuntRule `yaml:"hunt,omitempty"`
	Form     `yaml:",inline"`
	Inactive bool `yaml:"inactive,omitempty"`
}

// NumberRule rewrites a number that matches; the first rule that matches is the only one applied.
type NumberRule struct {
	Match string `yaml:"match,omitempty"` // Prefix of digits, or a pattern with X for any digit; empty matches all.
	Strip int    `yaml:"strip,omitempty"` // Digits taken from the front.
	Add   string `yaml:"add,omitempty"`   // Put in front afterwards; may begin with "+".
	Set   string `yaml:"set,omitempty"`   // The whole new value; nothing else applies.
}

// HuntRule says what one answer means to the hunting over gateways. Of a gateway's rules, and then its carrier's, the first
// that fits decides; see lcr.DefaultRuling for what is done without.
type HuntRule struct {
	Status string `yaml:"status"`       // "503", "5xx", "cause:34" (Q.850), "timeout", or "any".
	Do     string `yaml:"do"`           // "next" tries the next gateway, "stop" ends the call.
	As     int    `yaml:"as,omitempty"` // The status to go on with instead.
}
