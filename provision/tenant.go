package provision

import (
	"time"

	"trunkline/internal/e164"
	"trunkline/internal/money"
)

// Tenant is a client company.
type Tenant struct {
	ID        string         `yaml:"id"`
	Name      string         `yaml:"name,omitempty"`
	TimeZone  string         `yaml:"time_zone"` // IANA name; days and months of limits and invoices are counted in it.
	Currency  money.Currency `yaml:"currency"`
	Tariff    string         `yaml:"tariff"`
	DialPlan  string         `yaml:"dial_plan"`
	RoutePlan string         `yaml:"route_plan,omitempty"`
	Account   Account        `yaml:"account"`
	Limits    []Limit        `yaml:"limits,omitempty"`
	MaxCalls  int            `yaml:"max_calls,omitempty"`
	MaxPrice  *money.Rate    `yaml:"max_price,omitempty"`       // Dearest price per minute that the client accepts.
	MaxFee    *money.Amount  `yaml:"max_connect_fee,omitempty"` // Dearest connection fee that the client accepts.
	CallerID  string         `yaml:"caller_id,omitempty"`       // E.164 number shown where branch and extension have none.
	Inactive  bool           `yaml:"inactive,omitempty"`
	Branches  []Branch       `yaml:"branches,omitempty"`
	Numbers   []Number       `yaml:"numbers,omitempty"`
	Trunks    []Trunk        `yaml:"trunks,omitempty"`
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
	ID         string      `yaml:"id"`
	Name       string      `yaml:"name,omitempty"`
	Parent     string      `yaml:"parent,omitempty"` // Another branch, for trees such as company > city > department.
	City       string      `yaml:"city,omitempty"`
	Area       string      `yaml:"area,omitempty"` // Area code for locally dialled numbers.
	Tariff     string      `yaml:"tariff,omitempty"`
	DialPlan   string      `yaml:"dial_plan,omitempty"`
	CallerID   string      `yaml:"caller_id,omitempty"`
	Limits     []Limit     `yaml:"limits,omitempty"`
	MaxCalls   int         `yaml:"max_calls,omitempty"`
	Extensions []Extension `yaml:"extensions,omitempty"`
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
	Limits   []Limit   `yaml:"limits,omitempty"`
	MaxCalls int       `yaml:"max_calls,omitempty"`
	Inactive bool      `yaml:"inactive,omitempty"`
	// HA1MD5 and HA1SHA256 are the hashes that digest authentication needs (RFC 7616, section 3.4.2), in lower-case hex.
	// They are made of Password when the file is read, and are what is stored.
	HA1MD5    string `yaml:"ha1_md5,omitempty"`
	HA1SHA256 string `yaml:"ha1_sha256,omitempty"`
}

// Number is a telephone number (DID) that the tenant is reached by.
type Number struct {
	E164      e164.Number `yaml:"number"`
	Class     string      `yaml:"class,omitempty"` // city, federal, toll_free, multichannel, beautiful.
	Branch    string      `yaml:"branch,omitempty"`
	Extension string      `yaml:"extension,omitempty"` // Where calls to it go.
	MaxCalls  int         `yaml:"max_calls,omitempty"` // Quota of simultaneous inbound calls.
}

// Trunk is a tenant's own switch that is known by its address and needs no login.
type Trunk struct {
	ID       string   `yaml:"id"`
	Branch   string   `yaml:"branch"`
	Sources  []string `yaml:"sources"` // Addresses or CIDR ranges.
	CallerID string   `yaml:"caller_id,omitempty"`
	MaxCalls int      `yaml:"max_calls,omitempty"`
}
