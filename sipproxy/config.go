package sipproxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"time"

	"trunkline/sipproxy/wire"
)

// DefaultSetupTime is for how long gateways are hunted where neither Config nor the route say (RFC 3261, timer C).
const DefaultSetupTime = 3 * time.Minute

// Config sets up a Proxy. The zero value of every field but Node, Realm, Listen and StateDir has a default.
type Config struct {
	Node   string        // Name of this proxy, in its records and its journal.
	Realm  func() string // Digest realm, the domain of the extensions' logins, as it is provisioned now.
	Listen []wire.Listen // At least one.
	TLS    *tls.Config
	// Origins are the hosts, as patterns such as "*.example.com", whose pages may connect over WebSocket beside the host that
	// they connect to; "*" lets all.
	Origins []string
	// Digest are the algorithms that phones may authenticate with, the preferred one first: MD5, SHA-256. The default is MD5
	// alone: phones that give up at a second challenge with an algorithm that they do not know are still many (baresip 1).
	Digest   []string
	StateDir string // Folder of the journal of calls in progress and registrations.

	Shards       int           // Ordered workers that the calls are spread over; default 4.
	MaxCalls     int           // Calls in progress; more are refused with 503. Default 20,000.
	MaxAsking    int           // New calls that wait for the ledger; more are refused with 503, so that those in progress are heard. Default 256.
	RingTime     time.Duration // How long a gateway or phone may ring; default 60s.
	Silence      time.Duration // How long a gateway may say nothing at all; default 4s.
	ProgressTime time.Duration // How long a gateway that took the call may go without ringing; default 20s.
	SetupTime    time.Duration // From INVITE to the end of hunting; default 180s (RFC 3261, timer C).
	MaxDuration  time.Duration // Longest call; default 6h.
	FirstStretch time.Duration // What is reserved before the call is placed; default 60s.
	Stretch      time.Duration // What is reserved at a time while it runs; default 120s.
	MaxTries     int           // Gateways tried per call where the route says nothing; default 4.
	SourceRate   int           // Requests outside of calls that an address may send in a second, gateways and trunks excepted; more are dropped. Default 500; negative: no bound.
	RegisterMin  time.Duration // Shortest registration accepted; default 30s.
	RegisterMax  time.Duration // Longest registration granted; default 1h.
	SessionCheck time.Duration // How long an end may be silent before it is asked whether it is there; default 5m; negative: never.
	Relays       []string      // Media relays (rtpengine), such as udp/127.0.0.1:2223; each may serve any call.
	RelayAuto    bool          // Relay the voice of phones that do not speak from where they want to be spoken to, not only where it is set up.
	RelayPass    bool          // When no relay answers, calls go on without; else they are refused with 503.
	FollowRefer  bool          // Phones may transfer calls with REFER; else they are declined.
	TraceMemory  int           // Bytes of messages that are remembered for looking at calls; 0: none.
	DrainTime    time.Duration // How long calls may go on after a stop was asked for; default 30s.
}

// Complete returns the configuration with the defaults in the place of what is not set.
func (c Config) Complete() Config {
	c.setDefaults()
	return c
}

func (c *Config) setDefaults() {
	if len(c.Digest) == 0 {
		c.Digest = []string{"MD5"}
	}
	setDefault(&c.Shards, 4)
	setDefault(&c.MaxCalls, 20_000)
	setDefault(&c.MaxAsking, 256)
	setDefault(&c.RingTime, time.Minute)
	setDefault(&c.Silence, 4*time.Second)
	setDefault(&c.ProgressTime, 20*time.Second)
	setDefault(&c.SetupTime, DefaultSetupTime)
	setDefault(&c.MaxDuration, 6*time.Hour)
	setDefault(&c.FirstStretch, time.Minute)
	setDefault(&c.Stretch, 2*time.Minute)
	setDefault(&c.MaxTries, 4)
	setDefault(&c.SourceRate, 500)
	setDefault(&c.RegisterMin, 30*time.Second)
	setDefault(&c.RegisterMax, time.Hour)
	setDefault(&c.SessionCheck, 5*time.Minute)
	setDefault(&c.DrainTime, 30*time.Second)
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c *Config) validate() error {
	switch {
	case c.Node == "":
		return errors.New("sip.node is empty: give this proxy a name")
	case c.Realm == nil:
		return errors.New("the realm of the extensions' logins is not set")
	case len(c.Listen) == 0:
		return errors.New("sip.listen is empty: give at least one address, such as udp/127.0.0.1:5060")
	case slices.ContainsFunc(c.Digest, func(a string) bool { return a != "MD5" && a != "SHA-256" }):
		return fmt.Errorf("sip.digest is %v: use MD5 and SHA-256", c.Digest)
	case c.StateDir == "":
		return errors.New("the folder for calls in progress is not set")
	case c.Shards < 1 || c.Shards > 256:
		return fmt.Errorf("sip.shards is %d: use 1 to 256", c.Shards)
	}
	return nil
}
