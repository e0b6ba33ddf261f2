package provision

import (
	"time"

	"trunkline/internal/money"
)

// Operator is everything that is provisioned, as it stands in the operator's file.
// All ids are short words of lower-case letters, digits, "-", "_" and "."; they never change.
type Operator struct {
	Name       string         `yaml:"name,omitempty"`
	Realm      string         `yaml:"realm,omitempty"` // Digest realm and SIP domain of the tenants' extensions.
	Exchange   []ExchangeRate `yaml:"exchange,omitempty"`
	Carriers   []Carrier      `yaml:"carriers,omitempty"`
	Gateways   []Gateway      `yaml:"gateways,omitempty"`
	Decks      []DeckSource   `yaml:"decks,omitempty"`
	Tariffs    []TariffSource `yaml:"tariffs,omitempty"`
	DialPlans  []DialPlan     `yaml:"dial_plans,omitempty"`
	RoutePlans []RoutePlan    `yaml:"route_plans,omitempty"`
	Tenants    []Tenant       `yaml:"tenants,omitempty"`
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
	Inactive bool           `yaml:"inactive,omitempty"`
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
	Transport string        `yaml:"transport,omitempty"` // udp (the default), tcp or tls.
	Sources   []string      `yaml:"sources,omitempty"`   // Addresses or CIDR ranges that its calls come from; the host of Address if empty.
	Login     string        `yaml:"login,omitempty"`     // For carriers that challenge our INVITE.
	Password  string        `yaml:"password,omitempty"`
	Register  bool          `yaml:"register,omitempty"` // Register with Login to Address.
	MaxCalls  int           `yaml:"max_calls,omitempty"`
	MaxCPS    int           `yaml:"max_cps,omitempty"`
	Priority  int           `yaml:"priority,omitempty"`
	Weight    int           `yaml:"weight,omitempty"`
	Silence   time.Duration `yaml:"silence,omitempty"`      // Hunt on when nothing at all is heard for so long; default 4s.
	RingTime  time.Duration `yaml:"ring_time,omitempty"`    // Give up when it rings for so long; default 60s.
	Probe     time.Duration `yaml:"probe,omitempty"`        // Interval of OPTIONS; 0 sends none.
	Lock      time.Duration `yaml:"lock,omitempty"`         // How long it stays locked after it failed; default 30s.
	LockAfter int           `yaml:"lock_after,omitempty"`   // Failures in a row that lock it; default 5.
	ToRules   []NumberRule  `yaml:"to_rules,omitempty"`     // Applied to the called number in E.164 digits.
	FromRules []NumberRule  `yaml:"from_rules,omitempty"`   // Applied to the caller's number.
	InDial    string        `yaml:"in_dial_plan,omitempty"` // Dial plan for numbers that come from it; digits with country code if empty.
	Hunt      []HuntRule    `yaml:"hunt,omitempty"`
	Inactive  bool          `yaml:"inactive,omitempty"`
}

// NumberRule rewrites a number that matches; the first rule that matches is the only one applied.
type NumberRule struct {
	Match string `yaml:"match,omitempty"` // Prefix of digits, or a pattern with X for any digit; empty matches all.
	Strip int    `yaml:"strip,omitempty"` // Digits taken from the front.
	Add   string `yaml:"add,omitempty"`   // Put in front afterwards; may begin with "+".
	Set   string `yaml:"set,omitempty"`   // The whole new value; nothing else applies.
}

// HuntRule says what one SIP answer means to the hunting over gateways.
type HuntRule struct {
	Status string `yaml:"status"` // "503", "5xx", "timeout".
	Do     string `yaml:"do"`     // "next" tries the next gateway, "stop" ends the call.
	As     int    `yaml:"as,omitempty"`
}

// DialPlan makes E.164 numbers of what people dial. Its rules are tried in order; the first that matches decides.
type DialPlan struct {
	ID      string     `yaml:"id"`
	Country string     `yaml:"country,omitempty"` // Country code of local numbers, e.g. "7".
	Area    string     `yaml:"area,omitempty"`    // Area code of local numbers where the extension or branch has none.
	Rules   []DialRule `yaml:"rules"`
}

// DialRule is one line of a dial plan.
type DialRule struct {
	Match     string `yaml:"match"`               // "8XXXXXXXXXX", "00.", "+.", "1XX": X any digit, "." one or more of them; others literally.
	Strip     int    `yaml:"strip,omitempty"`     // Characters taken from the front.
	Add       string `yaml:"add,omitempty"`       // Put in front; {country} and {area} are replaced.
	Extension bool   `yaml:"extension,omitempty"` // What is left is the short number of an extension of the tenant.
	Emergency bool   `yaml:"emergency,omitempty"` // Goes out whatever the credit.
	Block     bool   `yaml:"block,omitempty"`     // Refused.
}

// RoutePlan is an ordered list of rules; a tenant's calls are routed by the first that matches.
type RoutePlan struct {
	ID      string      `yaml:"id"`
	Default bool        `yaml:"default,omitempty"` // For tenants that name no plan of their own.
	Rules   []RouteRule `yaml:"rules"`
}

// RouteRule is one line of a route plan. Empty conditions match everything.
type RouteRule struct {
	ID        string        `yaml:"id"`
	To        []string      `yaml:"to,omitempty"`   // Prefixes of the called number.
	From      []string      `yaml:"from,omitempty"` // Prefixes of the caller's number.
	Tenants   []string      `yaml:"tenants,omitempty"`
	Branches  []string      `yaml:"branches,omitempty"`
	Policy    string        `yaml:"policy"`               // least_cost, priority, weight, percent, round_robin, quality, list, block.
	Gateways  []RouteTarget `yaml:"gateways,omitempty"`   // Empty: every active gateway whose carrier has a deck.
	MinMargin *money.Amount `yaml:"min_margin,omitempty"` // Least margin per call of the assumed duration; negative allows a loss.
	MinPct    *int          `yaml:"min_margin_percent,omitempty"`
	MaxTries  int           `yaml:"max_tries,omitempty"` // Default 4.
	Continue  bool          `yaml:"continue,omitempty"`  // The next matching rule follows when these gateways are used up.
	Hours     string        `yaml:"hours,omitempty"`     // "Mo-Fr 08:00-20:00" in TimeZone.
	TimeZone  string        `yaml:"time_zone,omitempty"`
}

// RouteTarget is a gateway in a rule with what the rule's policy needs to know of it.
type RouteTarget struct {
	Gateway  string `yaml:"gateway"`
	Priority int    `yaml:"priority,omitempty"`
	Weight   int    `yaml:"weight,omitempty"`
	Percent  int    `yaml:"percent,omitempty"`
}
