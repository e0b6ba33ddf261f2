package pages

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// kind says how objects of a kind are listed and changed.
type kind struct {
	Path      string
	One, Many string
	Help      string
	Columns   []string // Of the list.
	Fields    []field
	Apart     []string // Fields that other pages change.
	Example   string   // What the other fields of a new one begin with.
	Suffix    string   // Of the file that holds its prices; empty: it has none.
	Sample    string   // What the file of a new one begins with.

	kind  provision.Kind
	part  console.Part // Of a tenant; empty: the kind itself.
	write access.Permission
	extra func(p *Pages, r *request, t console.Thing) (any, error)
}

// Word is what programs know the kind by; empty: it is a part of a tenant.
func (k kind) Word() string { return string(k.kind) }

// field is an input of a form.
type field struct {
	Name    string // In the document; "account.mode" stands deeper.
	Label   string
	Type    string // text, whole, money, check, choice, list, password, time or yaml.
	Help    string
	Choices []string
	classes bool // The choices are the operator's classes of numbers.
	Needed  bool

	of   provision.Kind // The choices are objects of this kind.
	part console.Part   // The choices are parts of the tenant.
}

// fill shows the value of a document.
func (f *fieldView) fill(v any) {
	switch v := v.(type) {
	case nil:
	case bool:
		f.On = v
	case []any:
		f.Value = strings.Join(texts(v), ", ")
	default:
		f.Value = fmt.Sprint(v)
	}
}

// read returns what was sent for a field; nil: nothing.
func (f field) read(r *request) (any, error) {
	text := strings.TrimSpace(r.PostForm(f.Name))
	switch {
	case f.Type == "check":
		if text == "on" {
			return true, nil
		}
		return nil, nil
	case text == "":
		return nil, nil
	case f.Type == "whole":
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, errors.Join(console.ErrInvalid, fmt.Errorf("%s: %q is no whole number", f.Name, text))
		}
		return n, nil
	case f.Type == "money":
		amount, err := readAmount(text)
		return amount.String(), err
	case f.Type == "list":
		var list []any
		for _, one := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '\n' || c == ' ' || c == '\r' }) {
			list = append(list, one)
		}
		return list, nil
	}
	return text, nil
}

// kinds are all that is provisioned.
func kinds() []kind { return append(parties(), plans()...) }

// parties are clients, and the carriers and gateways that their calls go by.
func parties() []kind {
	limits := []field{
		{Name: "max_calls", Label: "Concurrent calls", Type: "whole", Help: "empty: any number"},
		{Name: "max_cps", Label: "Calls per second (CPS)", Type: "whole", Help: "empty: any number"},
	}
	off := field{Name: "inactive", Label: "Inactive", Type: "check"}
	return []kind{
		{
			Path: "tenants", One: "Client", Many: "Clients", kind: provision.KindTenant, write: access.WriteTenants,
			Help:    "A client company with its branches, employees and numbers.",
			Columns: []string{"name", "branches", "numbers", "tariff", "account.mode", "currency"},
			Apart:   []string{"branches", "numbers", "trunks", "groups", "pbxs"}, extra: tenantExtra,
			Fields: append([]field{
				{Name: "name", Label: "Name", Type: "text"},
				{Name: "time_zone", Label: "Time zone", Type: "text", Needed: true, Help: "such as Europe/Moscow; days and months are counted in it"},
				{Name: "currency", Label: "Currency", Type: "text", Needed: true, Help: "such as EUR"},
				{Name: "account.mode", Label: "Pays", Type: "choice", Choices: []string{"prepaid", "postpaid"}, Needed: true},
				{Name: "account.credit", Label: "Credit limit", Type: "money"},
				{Name: "tariff", Label: "Tariff", Type: "choice", of: provision.KindTariff, Needed: true},
				{Name: "dial_plan", Label: "Dial plan", Type: "choice", of: provision.KindDialPlan, Needed: true},
				{Name: "route_plan", Label: "Route plan", Type: "choice", of: provision.KindRoutePlan, Help: "empty: the default plan"},
				{Name: "caller_id", Label: "Caller ID", Type: "text"},
				{Name: "blocked", Label: "Blocked prefixes", Type: "list"},
				{Name: "allowed", Label: "Allowed prefixes only", Type: "list"},
				{Name: "allow_risky", Label: "May call risky destinations", Type: "check"},
			}, append(limits, off)...),
		},
		{
			Path: "carriers", One: "Carrier", Many: "Carriers", kind: provision.KindCarrier, write: access.WriteRouting,
			Help:    "Carriers you buy termination from. Add their gateways in the next step.",
			Columns: []string{"name", "currency", "deck", "max_calls"},
			Fields: append([]field{
				{Name: "name", Label: "Name", Type: "text"},
				{Name: "currency", Label: "Currency", Type: "text", Needed: true},
				{Name: "deck", Label: "Rate deck", Type: "choice", of: provision.KindDeck},
				{Name: "debt_limit", Label: "Debt limit", Type: "money"},
			}, append(limits, off)...),
		},
		{
			Path: "gateways", One: "Gateway", Many: "Gateways", kind: provision.KindGateway, write: access.WriteRouting, extra: gatewayExtra,
			Help:    "A carrier's SIP peer, known by its address, or registered to with login and password.",
			Columns: []string{"carrier", "address", "transport", "max_calls", "priority", "weight"},
			Fields: append([]field{
				{Name: "carrier", Label: "Carrier", Type: "choice", of: provision.KindCarrier, Needed: true},
				{Name: "address", Label: "Address", Type: "text", Needed: true, Help: "host, host:port, or a name with SRV records"},
				{Name: "transport", Label: "Transport", Type: "choice", Choices: []string{"udp", "tcp", "tls"}},
				{Name: "sources", Label: "Calls come from", Type: "list", Help: "addresses or ranges; empty: the address"},
				{Name: "login", Label: "Login", Type: "text"},
				{Name: "password", Label: "Password", Type: "password", Help: "empty: as it is"},
				{Name: "register", Label: "Register there", Type: "check"},
				{Name: "priority", Label: "Priority", Type: "whole"},
				{Name: "weight", Label: "Weight", Type: "whole"},
				{Name: "probe", Label: "Probe every", Type: "time", Help: "OPTIONS, such as 30s"},
				{Name: "ring_time", Label: "Ring at most", Type: "time"},
				{Name: "in_dial_plan", Label: "Dial plan of calls that come in", Type: "choice", of: provision.KindDialPlan},
			}, append(limits, off)...),
		},
	}
}

// plans are how calls are routed and priced.
func plans() []kind {
	return []kind{
		{
			Path: "route-plans", One: "Route plan", Many: "Route plans", kind: provision.KindRoutePlan, write: access.WriteRouting,
			Help: "Rules from the top: the first that fits says which gateways are tried, in what order.", Columns: []string{"default", "inherit", "rules"}, extra: routeExtra,
			Example: "rules:\n  - {id: any, policy: least_cost}\n",
			Fields: []field{
				{Name: "default", Label: "Default plan", Type: "check"}, {Name: "inherit", Label: "Continue with plan", Type: "choice", of: provision.KindRoutePlan},
			},
		},
		{
			Path: "dial-plans", One: "Dial plan", Many: "Dial plans", kind: provision.KindDialPlan, write: access.WriteRouting,
			Help: "How what people dial becomes a number with its country code.", Columns: []string{"country", "area", "rules"}, extra: dialExtra,
			Example: "rules:\n  - {match: \"1XX\", extension: true}\n  - {match: \"+.\", strip: 1}\n  - {match: \"00.\", strip: 2}\n",
			Fields:  []field{{Name: "country", Label: "Country code", Type: "text"}, {Name: "area", Label: "Area code", Type: "text"}},
		},
		{
			Path: "tariffs", One: "Tariff", Many: "Tariffs", kind: provision.KindTariff, write: access.WritePrices, extra: tariffExtra,
			Help: "What a client pays.", Columns: []string{"file"}, Suffix: ".yaml", Fields: []field{{Name: "file", Label: "File", Type: "text", Help: "empty: named as the id"}},
			Sample: "name: retail\nversion: \"1\"\ncurrency: EUR\nrounding: {scale: 4}\ndecks:\n  - name: world\n    defaults: {increment: 1/1}\n    rates:\n      - {prefix: \"49\", destination: Germany, rate: \"0.02\"}\n",
		},
		{
			Path: "decks", One: "Rate deck", Many: "Rate sheets", kind: provision.KindDeck, write: access.WritePrices, extra: deckExtra,
			Help: "What a carrier charges, prefix by prefix.", Columns: []string{"file", "currency"}, Suffix: ".csv",
			Sample: "prefix,destination,rate,connect_fee,initial,next\n49,Germany,0.01,0,1,1\n",
			Fields: []field{{Name: "file", Label: "File", Type: "text", Help: "empty: named as the id"}, {Name: "currency", Label: "Currency", Type: "text", Needed: true}},
		},
	}
}

// parts are what a tenant has, changed one by one.
func parts() []kind {
	limits := []field{
		{Name: "max_calls", Label: "Concurrent calls", Type: "whole"}, {Name: "max_cps", Label: "Calls per second (CPS)", Type: "whole"},
	}
	branch := field{Name: "branch", Label: "Branch", Type: "choice", part: console.Branches, Needed: true}
	return []kind{
		{
			Path: "branches", One: "Branch", Many: "Branches", part: console.Branches, write: access.WriteTenants, Apart: []string{"extensions"},
			Columns: []string{"name", "city", "parent", "extensions", "caller_id"},
			Fields: append([]field{
				{Name: "name", Label: "Name", Type: "text"},
				{Name: "city", Label: "City", Type: "text"},
				{Name: "parent", Label: "Part of", Type: "choice", part: console.Branches},
				{Name: "area", Label: "Area code", Type: "text"},
				{Name: "caller_id", Label: "Caller ID", Type: "text"},
				{Name: "tariff", Label: "Tariff of its own", Type: "choice", of: provision.KindTariff},
			}, limits...),
		},
		{
			Path: "extensions", One: "Employee", Many: "Employees", part: console.Extensions, write: access.WriteTenants,
			Columns: []string{"name", "branch", "login", "caller_id"},
			Fields: append([]field{
				{Name: "name", Label: "Name", Type: "text"},
				branch,
				{Name: "login", Label: "SIP login", Type: "text", Help: "empty: client and short number"},
				{Name: "password", Label: "SIP password", Type: "password", Help: "empty: as it is"},
				{Name: "caller_id", Label: "Caller ID", Type: "text"},
				{Name: "forward.always", Label: "Always forward to", Type: "text"},
				{Name: "forward.no_answer", Label: "Forward when nobody answers", Type: "text"},
				{Name: "forward.unavailable", Label: "Forward when it cannot be reached", Type: "text"},
				{Name: "inactive", Label: "Inactive", Type: "check"},
			}, limits...),
		},
		{
			Path: "numbers", One: "Number", Many: "Numbers", part: console.Numbers, write: access.WriteTenants,
			Columns: []string{"class", "branch", "extension", "group"},
			Fields: append([]field{
				{Name: "class", Label: "Class", Type: "choice", classes: true},
				{Name: "branch", Label: "Branch", Type: "choice", part: console.Branches},
				{Name: "extension", Label: "Employee", Type: "choice", part: console.Extensions},
				{Name: "group", Label: "Group", Type: "choice", part: console.Groups},
				{Name: "trunk", Label: "Trunk", Type: "choice", part: console.Trunks},
				{Name: "forward.always", Label: "Always forward to", Type: "text"},
			}, limits...),
		},
		{
			Path: "trunks", One: "Trunk", Many: "Trunks", part: console.Trunks, write: access.WriteTenants,
			Columns: []string{"branch", "sources", "caller_id"},
			Fields:  append([]field{branch, {Name: "sources", Label: "Addresses", Type: "list"}, {Name: "address", Label: "Calls go to", Type: "text"}, {Name: "password", Label: "SIP password", Type: "password", Help: "empty: as it is"}, {Name: "caller_id", Label: "Caller ID", Type: "text"}}, limits...),
		},
		{
			Path: "groups", One: "Group", Many: "Groups", part: console.Groups, write: access.WriteTenants, Columns: []string{"mode", "extensions"},
			Fields: []field{
				{Name: "mode", Label: "They ring", Type: "choice", Choices: []string{"all", "in_turn", "least_recent"}, Needed: true},
				{Name: "extensions", Label: "Employees", Type: "list", Needed: true},
				{Name: "ring_time", Label: "Ring for", Type: "time"},
			},
		},
		{
			Path: "pbxs", One: "PBX", Many: "PBXs", part: console.PBXs, write: access.WriteTenants, Columns: []string{"name", "format", "branch"},
			Fields: []field{
				{Name: "name", Label: "Name", Type: "text"},
				{Name: "format", Label: "Format of its records", Type: "text", Needed: true, Help: "see docs/import.md"},
				branch,
				{Name: "time_zone", Label: "Time zone", Type: "text"},
			},
		},
	}
}
