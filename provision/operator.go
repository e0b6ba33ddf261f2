package provision

import (
	"cmp"
	"time"

	"trunkline/internal/money"
)

// Operator is everything that is provisioned, as it stands in the operator's file.
// All ids are short words of lower-case letters, digits, "-", "_" and "."; they never change.
type Operator struct {
	Name     string         `yaml:"name,omitempty" access:"open"`
	Realm    string         `yaml:"realm,omitempty" access:"open"` // Digest realm and SIP domain of the tenants' extensions.
	Exchange []ExchangeRate `yaml:"exchange,omitempty" access:"price"`
	// Reporting is the currency that margins and figures of the whole house are told in; that of most clients, if empty.
	Reporting money.Currency `yaml:"reporting_currency,omitempty" access:"open"`
	// Assumed is the length of call by which costs and margins are compared; default 1m. Connect fees and first increments
	// weigh the more the shorter it is.
	Assumed    time.Duration `yaml:"assumed_duration,omitempty" access:"open"`
	Statistics Statistics    `yaml:"statistics,omitempty" access:"open"`
	// Between says how calls between clients of the house are priced, which stay inside: tariff (the default), as any call to that number;
	// free; or carrier, where they go out by a carrier and come back.
	Between      string        `yaml:"between_clients,omitempty" access:"open"`
	Blocked      []string      `yaml:"blocked,omitempty" access:"open"` // Prefixes that nobody may call.
	Risky        []string      `yaml:"risky,omitempty" access:"open"`   // Prefixes that only tenants with allow_risky may call.
	Destinations []Destination `yaml:"destinations,omitempty" access:"open"`
	Brands       []Brand       `yaml:"brands,omitempty" access:"open"`
	// Classes are the classes of numbers that numbers, fees and counters may name; empty: city, federal, toll-free, multichannel, beautiful
	// and third-party.
	Classes []string `yaml:"number_classes,omitempty" access:"open"`

	Carriers   []Carrier      `yaml:"carriers,omitempty" access:"open"`
	Gateways   []Gateway      `yaml:"gateways,omitempty" access:"open"`
	Decks      []DeckSource   `yaml:"decks,omitempty" access:"open"`
	Tariffs    []TariffSource `yaml:"tariffs,omitempty" access:"open"`
	DialPlans  []DialPlan     `yaml:"dial_plans,omitempty" access:"open"`
	RoutePlans []RoutePlan    `yaml:"route_plans,omitempty" access:"open"`
	Tenants    []Tenant       `yaml:"tenants,omitempty" access:"open"`
}

// Statistics says what the figures of gateways are made of that rules of route plans look at.
type Statistics struct {
	Window    time.Duration `yaml:"window,omitempty" access:"open"`     // How far back attempts count, in quarters of an hour; default 1h.
	ShortCall time.Duration `yaml:"short_call,omitempty" access:"open"` // Answered calls shorter than this are short calls; default 6s.
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
	ID       string   `yaml:"id" access:"open"`
	Name     string   `yaml:"name,omitempty" access:"open"`
	Prefixes []string `yaml:"prefixes" access:"open"`
}

// ExchangeRate says that, from a day on, one unit of From is worth Rate units of To.
type ExchangeRate struct {
	From money.Currency `yaml:"from" access:"open"`
	To   money.Currency `yaml:"to" access:"open"`
	Rate string         `yaml:"rate" access:"open"` // A plain decimal.
	Day  time.Time      `yaml:"day" access:"open"`  // First UTC day on which the rate holds.
}

// Carrier is a company that takes or brings calls.
type Carrier struct {
	ID       string         `yaml:"id" access:"open"`
	Name     string         `yaml:"name,omitempty" access:"open"`
	Currency money.Currency `yaml:"currency" access:"open"`
	Deck     string         `yaml:"deck,omitempty" access:"price"` // What it charges; a carrier without a deck only brings calls.
	Hunt     []HuntRule     `yaml:"hunt,omitempty" access:"open"`
	// DebtLimit is what we may owe the carrier, in its currency; at the limit its gateways are not used any more.
	DebtLimit *money.Amount `yaml:"debt_limit,omitempty" access:"price"`
	MaxCalls  int           `yaml:"max_calls,omitempty" access:"open"` // At once, over all its gateways.
	MaxCPS    int           `yaml:"max_cps,omitempty" access:"open"`   // New ones a second, over all its gateways.
	Inactive  bool          `yaml:"inactive,omitempty" access:"open"`
}

// DeckSource is a carrier's price list: a CSV file beside the operator's file.
type DeckSource struct {
	ID       string         `yaml:"id" access:"open"`
	File     string         `yaml:"file" access:"open"`
	Currency money.Currency `yaml:"currency" access:"open"`
}

// TariffSource is what tenants pay: a tariff file (YAML) beside the operator's file.
type TariffSource struct {
	ID   string `yaml:"id" access:"open"`
	File string `yaml:"file" access:"open"`
}

// Gateway is a SIP peer of a carrier: calls go to it and may come from it.
type Gateway struct {
	ID        string        `yaml:"id" access:"open"`
	Carrier   string        `yaml:"carrier" access:"open"`
	Address   string        `yaml:"address" access:"open"`             // host or host:port that calls are sent to.
	Transport string        `yaml:"transport,omitempty" access:"open"` // udp, tcp or tls; empty: what the domain's NAPTR and SRV records say, else udp.
	Sources   []string      `yaml:"sources,omitempty" access:"open"`   // Addresses or CIDR ranges that its calls come from; the host of Address if empty.
	Login     string        `yaml:"login,omitempty" access:"open"`     // For carriers that challenge our INVITE.
	Password  string        `yaml:"password,omitempty" access:"secret"`
	Register  bool          `yaml:"register,omitempty" access:"open"` // Register with Login to Address.
	MaxCalls  int           `yaml:"max_calls,omitempty" access:"open"`
	MaxCPS    int           `yaml:"max_cps,omitempty" access:"open"`
	Priority  int           `yaml:"priority,omitempty" access:"open"`
	Weight    int           `yaml:"weight,omitempty" access:"open"`
	Silence   time.Duration `yaml:"silence,omitempty" access:"open"`    // Hunt on when nothing at all is heard for so long; default 4s.
	RingTime  time.Duration `yaml:"ring_time,omitempty" access:"open"`  // Give up when it rings for so long; default 60s.
	Probe     time.Duration `yaml:"probe,omitempty" access:"open"`      // Interval of OPTIONS; 0 sends none.
	Lock      time.Duration `yaml:"lock,omitempty" access:"open"`       // How long it stays locked after it failed; default 30s.
	LockAfter int           `yaml:"lock_after,omitempty" access:"open"` // Failures in a row that lock it; default 5.
	ToRules   []NumberRule  `yaml:"to_rules,omitempty" access:"open"`   // Applied to the called number in E.164 digits.
	FromRules []NumberRule  `yaml:"from_rules,omitempty" access:"open"` // Applied to the caller's number.
	// EmergencyRules are applied to the numbers of emergency calls, in the place of ToRules; without any they are sent as they are. What
	// is set may be a URN, such as urn:service:sos (RFC 5031).
	EmergencyRules []NumberRule `yaml:"emergency_rules,omitempty" access:"open"`
	// Permitted are beginnings of the callers' numbers that the carrier accepts, as in NumberRule.Match; empty: all. A call
	// with another number shows CallerID, and without one passes the gateway over.
	Permitted []string `yaml:"permitted_caller_ids,omitempty" access:"open"`
	CallerID  string   `yaml:"caller_id,omitempty" access:"open"`
	Trusted   bool     `yaml:"trusted,omitempty" access:"open"`   // It is told the number of callers that hide it (P-Asserted-Identity, RFC 3325).
	Diversion bool     `yaml:"diversion,omitempty" access:"open"` // It is told by whom a call was forwarded (Diversion, RFC 5806).
	// Codecs are the names of those it takes, as in SDP ("PCMA", "opus"): a call that offers none of them passes it over.
	Codecs   []string   `yaml:"codecs,omitempty" access:"open"`
	SRTP     bool       `yaml:"srtp,omitempty" access:"open"`         // It takes only calls that offer encrypted media (RFC 3711).
	Media    string     `yaml:"media,omitempty" access:"open"`        // direct or relay: how its voice goes; see MediaRelay. As the proxy is set up if empty.
	InDial   string     `yaml:"in_dial_plan,omitempty" access:"open"` // Dial plan for numbers that come from it; digits with country code if empty.
	Hunt     []HuntRule `yaml:"hunt,omitempty" access:"open"`
	Form     `yaml:",inline"`
	Inactive bool `yaml:"inactive,omitempty" access:"open"`
}

// NumberRule rewrites a number that matches; the first rule that matches is the only one applied.
type NumberRule struct {
	Match string `yaml:"match,omitempty" access:"open"` // Prefix of digits, or a pattern with X for any digit; empty matches all.
	Strip int    `yaml:"strip,omitempty" access:"open"` // Digits taken from the front.
	Add   string `yaml:"add,omitempty" access:"open"`   // Put in front afterwards; may begin with "+".
	Set   string `yaml:"set,omitempty" access:"open"`   // The whole new value; nothing else applies.
}

// HuntRule says what one answer means to the hunting over gateways. Of a gateway's rules, and then its carrier's, the first
// that fits decides; see lcr.DefaultRuling for what is done without.
type HuntRule struct {
	Status string `yaml:"status" access:"open"`       // "503", "5xx", "cause:34" (Q.850), "timeout", or "any".
	Do     string `yaml:"do" access:"open"`           // "next" tries the next gateway, "stop" ends the call.
	As     int    `yaml:"as,omitempty" access:"open"` // The status to go on with instead.
}
