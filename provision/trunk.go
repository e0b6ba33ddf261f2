package provision

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Trunk is a tenant's own switch or media server: a PBX, a voice menu, a mailbox, a queue, a fax. Calls come from it by its addresses or
// its login, and go to it where it is: at its address, or where it has registered.
type Trunk struct {
	ID        string        `yaml:"id" access:"open"`
	Branch    string        `yaml:"branch" access:"open"`
	Sources   []string      `yaml:"sources,omitempty" access:"open"`    // Addresses or CIDR ranges that its calls come from.
	Address   string        `yaml:"address,omitempty" access:"open"`    // host or host:port that calls are delivered to.
	Transport string        `yaml:"transport,omitempty" access:"open"`  // udp, tcp or tls; as Gateway.Transport.
	Login     string        `yaml:"login,omitempty" access:"open"`      // SIP user name, unique in the realm, by which it registers and calls; "tenant-id" and its id if empty.
	Password  string        `yaml:"password,omitempty" access:"secret"` // Without one it is known by its addresses alone.
	CallerID  string        `yaml:"caller_id,omitempty" access:"open"`
	Media     string        `yaml:"media,omitempty" access:"open"` // direct or relay: how its voice goes; see MediaRelay.
	MaxCalls  int           `yaml:"max_calls,omitempty" access:"open"`
	MaxCPS    int           `yaml:"max_cps,omitempty" access:"open"`
	RingTime  time.Duration `yaml:"ring_time,omitempty" access:"open"`  // How long it rings before the next trunk, or nobody, is taken to answer; default 60s.
	Silence   time.Duration `yaml:"silence,omitempty" access:"open"`    // As Gateway.Silence.
	Probe     time.Duration `yaml:"probe,omitempty" access:"open"`      // Interval of OPTIONS to Address; 0 sends none.
	Lock      time.Duration `yaml:"lock,omitempty" access:"open"`       // As Gateway.Lock.
	LockAfter int           `yaml:"lock_after,omitempty" access:"open"` // As Gateway.LockAfter.
	Hunt      []HuntRule    `yaml:"hunt,omitempty" access:"open"`       // As Gateway.Hunt: whether the next trunk of a number is tried.
	ToRules   []NumberRule  `yaml:"to_rules,omitempty" access:"open"`   // Applied to the called number, with its country code; as they are: "74951234567".
	// RequestURI and To say whom these name: number, the called number, by which a switch finds whom to ring; or login, its own name.
	// Both are number if empty.
	RequestURI string `yaml:"request_uri,omitempty" access:"open"`
	To         string `yaml:"to,omitempty" access:"open"`
	Form       `yaml:",inline"`

	HA1MD5    string `yaml:"ha1_md5,omitempty" access:"secret"` // As of Extension.
	HA1SHA256 string `yaml:"ha1_sha256,omitempty" access:"secret"`
}

// What the Request-URI and the To header of a call to a trunk name.
const (
	NameNumber = "number"
	NameLogin  = "login"
)

func (t *Trunk) complete(tenant, realm string) {
	if t.Password == "" && t.HA1MD5 == "" {
		return
	}
	t.Login = cmp.Or(t.Login, tenant+"-"+t.ID)
	if t.Password != "" {
		t.HA1MD5, t.HA1SHA256 = hashes(t.Login, realm, t.Password)
		t.Password = ""
	}
}

// Networks are where the trunk's calls come from, and where it may be reached beside its address.
func (t *Trunk) Networks() []netip.Prefix { return ranges(t.Sources) }

// Trunk returns a trunk of the tenant by id; nil: it has none of that id.
func (t *Tenant) Trunk(id string) *Trunk {
	for i := range t.Trunks {
		if t.Trunks[i].ID == id {
			return &t.Trunks[i]
		}
	}
	return nil
}

// TrunkIDs are the trunks that calls to the number go to, in their order.
func (n *Number) TrunkIDs() []string {
	if n.Trunk != "" {
		return append([]string{n.Trunk}, n.Trunks...)
	}
	return n.Trunks
}

// sameAddress reports whether two addresses are one, with the port of SIP where they have none.
func sameAddress(a, b string) bool {
	full := func(s string) string {
		if _, _, err := net.SplitHostPort(s); err != nil {
			return net.JoinHostPort(strings.Trim(s, "[]"), "5060")
		}
		return s
	}
	return strings.EqualFold(full(a), full(b))
}

func (c *checker) trunk(at string, t *Tenant, trunk *Trunk, branches map[string]bool) {
	c.requires(at+".branch", trunk.Branch, "branch", branches)
	c.sources(at+".sources", trunk.Sources)
	c.media(at+".media", trunk.Media)
	c.bounds(at, trunk.MaxCalls, trunk.MaxCPS)
	c.hunt(at, trunk.Hunt)
	c.callerID(at+".caller_id", trunk.CallerID)
	c.numberRules(at+".to_rules", trunk.ToRules)
	c.form(at, &trunk.Form)
	if len(trunk.Sources) == 0 && trunk.Address == "" && trunk.HA1MD5 == "" {
		c.add(at+".sources", "is empty, and there is neither address nor password", "give where its calls come from, where calls to it go, or a password to register with")
	}
	for i := range c.b.Operator.Gateways {
		if g := &c.b.Operator.Gateways[i]; trunk.Address != "" && sameAddress(g.Address, trunk.Address) {
			c.add(at+".address", fmt.Sprintf("%q is the gateway %s: a carrier would be called, and nobody would pay", trunk.Address, g.ID), "give the address of the client's own switch")
		}
	}
	if !slices.Contains([]string{"", "udp", "tcp", "tls"}, trunk.Transport) {
		c.add(at+".transport", fmt.Sprintf("%q is no transport", trunk.Transport), "use udp, tcp or tls")
	}
	for field, value := range map[string]string{".request_uri": trunk.RequestURI, ".to": trunk.To} {
		if value != "" && value != NameNumber && value != NameLogin {
			c.add(at+field, fmt.Sprintf("%q is neither", value), "use number or login")
		}
	}
	if trunk.HA1MD5 == "" {
		return
	}
	if other, ok := c.logins[trunk.Login]; ok {
		c.add(at+".login", fmt.Sprintf("%q is the login of %s too", trunk.Login, other), "logins are unique in the realm")
	}
	c.logins[trunk.Login] = t.ID + "/" + trunk.ID
}
