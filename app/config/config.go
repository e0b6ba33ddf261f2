package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"trunkline/alert"
	"trunkline/reports/mail"
	"trunkline/reports/retention"
	"trunkline/sipproxy"
	"trunkline/sipproxy/rtpengine"
	"trunkline/sipproxy/wire"
)

// Config is everything that can be set. Every key is also an environment variable: TRUNKLINE_ and the path of the key
// in capitals, with "_" between its parts.
type Config struct {
	Data       string     `yaml:"data" env:"DATA"`                 // Folder of everything that is kept.
	Packages   string     `yaml:"packages" env:"PACKAGES"`         // node_modules with the embedded engines; looked for if empty.
	Node       string     `yaml:"node" env:"NODE"`                 // Name of this process in records; the host's if empty.
	Reserve    int64      `yaml:"disk_reserve" env:"DISK_RESERVE"` // Bytes kept aside on the disk of data, so that calls in progress can end and be recorded when it is full; 0: none.
	Memory     int64      `yaml:"memory" env:"MEMORY"`             // Bytes that this process may have before it collects garbage whatever that costs; 0: half of what the machine, or its control group, has.
	Log        Log        `yaml:"log" envPrefix:"LOG_"`
	Postgres   Postgres   `yaml:"postgres" envPrefix:"POSTGRES_"`
	ClickHouse ClickHouse `yaml:"clickhouse" envPrefix:"CLICKHOUSE_"`
	Kafka      Kafka      `yaml:"kafka" envPrefix:"KAFKA_"`
	Worker     Worker     `yaml:"worker" envPrefix:"WORKER_"`
	SIP        SIP        `yaml:"sip" envPrefix:"SIP_"`
	HTTP       HTTP       `yaml:"http" envPrefix:"HTTP_"`
	Alerts     Alerts     `yaml:"alerts" envPrefix:"ALERTS_"`
	Exchange   Exchange   `yaml:"exchange" envPrefix:"EXCHANGE_"`
	Collect    bool       `yaml:"collect" env:"COLLECT"` // serve fetches the call records of PBXs.
	// How long records are kept, such as calls: 1095d; what is not named is kept for ever.
	Retention retention.Rules `yaml:"retention" envPrefix:"RETENTION_"`

	Restoring bool // A data folder is being made of a backup.
}

// Log says what is logged, and in which form.
type Log struct {
	Level  string `yaml:"level" env:"LEVEL"`   // debug, info, warn or error.
	Format string `yaml:"format" env:"FORMAT"` // text or json.
}

// Postgres says where PostgreSQL is, and what is asked of it.
type Postgres struct {
	DSN  string `yaml:"dsn" env:"DSN"`   // Empty: the embedded engine.
	Port int    `yaml:"port" env:"PORT"` // Of the embedded engine; 0 takes a free one.
	// Connections of this process at most, beside two that listen. A server's max_connections has to be more than all have.
	MaxConns int `yaml:"max_conns" env:"MAX_CONNS"`
	// A statement that takes longer is given up by the server; migrations are not bounded.
	StatementLimit time.Duration `yaml:"statement_limit" env:"STATEMENT_LIMIT"`
}

// Worker says for how long the worker keeps what it needs to repair and to know legs again.
type Worker struct {
	// The packed records of a batch are kept for so long after they were stored: from them a ClickHouse that was restored is filled
	// again. About 60 bytes a leg.
	KeepPacked time.Duration `yaml:"keep_packed" env:"KEEP_PACKED"`
	// Which legs were accounted for is known for so long; a leg that comes later is put before the operator.
	KeepIdentities time.Duration `yaml:"keep_identities" env:"KEEP_IDENTITIES"`
}

// ClickHouse says where ClickHouse is, and what is asked of it.
type ClickHouse struct {
	DSN      string `yaml:"dsn" env:"DSN"`
	HTTP     string `yaml:"http" env:"HTTP"` // host:port of the HTTP port of a server outside; that of dsn with 8123 if empty.
	Port     int    `yaml:"port" env:"PORT"`
	HTTPPort int    `yaml:"http_port" env:"HTTP_PORT"`
	MaxConns int    `yaml:"max_conns" env:"MAX_CONNS"` // Connections of this process at most.
}

// Kafka says where the brokers are.
type Kafka struct {
	Brokers    []string `yaml:"brokers" env:"BROKERS"` // Empty: the embedded broker.
	Port       int      `yaml:"port" env:"PORT"`
	Partitions int      `yaml:"partitions" env:"PARTITIONS"` // Of topics that are made.
}

// SIP is the configuration of the proxy.
type SIP struct {
	Listen         []string      `yaml:"listen" env:"LISTEN"`         // transport/host:port, such as udp/127.0.0.1:5060; udp, tcp, tls, ws or wss.
	PlainWS        bool          `yaml:"ws_plain" env:"WS_PLAIN"`     // Listen with ws (without TLS) on other addresses than loopback too.
	Origins        []string      `yaml:"ws_origins" env:"WS_ORIGINS"` // Hosts whose pages may connect over ws and wss, beside the one they connect to; "*": all.
	Advertise      string        `yaml:"advertise" env:"ADVERTISE"`   // Host that others are told to answer to.
	Shards         int           `yaml:"shards" env:"SHARDS"`
	MaxCalls       int           `yaml:"max_calls" env:"MAX_CALLS"`
	SourceRate     int           `yaml:"source_rate" env:"SOURCE_RATE"` // Requests outside of calls that an address may send in a second; 0: 500; negative: no bound.
	RingTime       time.Duration `yaml:"ring_time" env:"RING_TIME"`
	MaxDuration    time.Duration `yaml:"max_duration" env:"MAX_DURATION"`
	InitialGrant   time.Duration `yaml:"initial_grant" env:"INITIAL_GRANT"`     // A call is granted so much time before it is placed (RFC 8506, 8.17).
	GrantIncrement time.Duration `yaml:"grant_increment" env:"GRANT_INCREMENT"` // While it runs, it is granted so much more at a time.
	DrainTime      time.Duration `yaml:"drain_time" env:"DRAIN_TIME"`
	TraceMemory    int           `yaml:"trace_memory" env:"TRACE_MEMORY"`   // Bytes of messages remembered for `trunkline sip trace`; 0: none.
	SessionCheck   time.Duration `yaml:"session_check" env:"SESSION_CHECK"` // A silent end is asked so often whether it is there; 0: 5m; negative: never.
	Quota          bool          `yaml:"quota" env:"QUOTA"`                 // Ordinary calls are reserved in memory, from portions of accounts that the proxy draws ahead (docs/adr/0042).
	// While the ledger does not answer, each new call is granted GraceCall, and all calls of a tenant together GraceTenant; 0 refuses.
	GraceCall   time.Duration `yaml:"grace_call" env:"GRACE_CALL"`
	GraceTenant time.Duration `yaml:"grace_tenant" env:"GRACE_TENANT"`
	Refer       string        `yaml:"refer" env:"REFER"` // follow: phones may transfer calls (REFER); refuse, the default: they are declined.
	// Media relays (rtpengine), such as udp/127.0.0.1:2223; each may serve any call.
	RTPEngine     []string `yaml:"rtpengine" env:"RTPENGINE"`
	Media         string   `yaml:"media" env:"MEDIA"`                   // auto: phones behind routers are relayed, as far as they can be told; direct: only where it is provisioned.
	RTPEngineDown string   `yaml:"rtpengine_down" env:"RTPENGINE_DOWN"` // refuse, the default: calls that need a relay get 503 when none answers; pass: they go on without.
	Digest        []string `yaml:"digest" env:"DIGEST"`                 // MD5, SHA-256: the preferred one first.
	Certificate   string   `yaml:"certificate" env:"CERTIFICATE"`
	Key           string   `yaml:"key" env:"KEY"`
}

// Alerts says by which server mail goes out.
type Alerts struct {
	SMTPHost     string `yaml:"smtp_host" env:"SMTP_HOST"` // host:port of the mail server; empty: alerts send no mail.
	SMTPFrom     string `yaml:"smtp_from" env:"SMTP_FROM"`
	SMTPLogin    string `yaml:"smtp_login" env:"SMTP_LOGIN"`
	SMTPPassword string `yaml:"smtp_password" env:"SMTP_PASSWORD"`
}

// SMTP says how alerts go out by mail.
func (c *Alerts) SMTP() alert.SMTP {
	return alert.SMTP{Host: c.SMTPHost, From: c.SMTPFrom, Login: c.SMTPLogin, Password: c.SMTPPassword}
}

// Post says how reports and links go out by mail.
func (c *Alerts) Post() mail.SMTP {
	return mail.SMTP{Host: c.SMTPHost, From: c.SMTPFrom, Login: c.SMTPLogin, Password: c.SMTPPassword}
}

// HTTP says where pages and API are, and who vouches for people.
type HTTP struct {
	Listen string `yaml:"listen" env:"LISTEN"` // Health, metrics and what commands ask; pages in serve and api. Empty: none.
	// PublicURL is what links in mails begin with and where browsers come, such as https://bill.example.com, where a proxy
	// that speaks TLS stands in front.
	PublicURL string `yaml:"public_url" env:"PUBLIC_URL"`
	// OpenID Connect: who may vouch for people; their verified mail address is that of a user. Needs public_url.
	OIDCIssuer string `yaml:"oidc_issuer" env:"OIDC_ISSUER"`
	OIDCClient string `yaml:"oidc_client" env:"OIDC_CLIENT"`
	OIDCSecret string `yaml:"oidc_secret" env:"OIDC_SECRET"`
}

// Secure reports whether browsers come by HTTPS.
func (c *HTTP) Secure() bool { return strings.HasPrefix(c.PublicURL, "https://") }

// Default is the configuration where nothing is set.
func Default() Config {
	return Config{
		Data: "./var", Reserve: 32 << 20, Log: Log{Level: "info", Format: "text"},
		Kafka:    Kafka{Partitions: 4},
		Postgres: Postgres{MaxConns: 24, StatementLimit: 15 * time.Minute}, ClickHouse: ClickHouse{MaxConns: 16},
		Worker: Worker{KeepPacked: 14 * 24 * time.Hour, KeepIdentities: 100 * 24 * time.Hour},
		SIP:    SIP{Listen: []string{"udp/127.0.0.1:5060", "tcp/127.0.0.1:5060"}, DrainTime: 30 * time.Second, TraceMemory: 64 << 20, InitialGrant: time.Minute, Quota: true, Refer: "refuse", Media: "auto", RTPEngineDown: "refuse"},
		HTTP:   HTTP{Listen: "127.0.0.1:8080"}, Collect: true, Exchange: Exchange{Every: 6 * time.Hour},
	}
}

// Complete puts what is in force in the place of what is not set, so that it can be looked at.
func (c *SIP) Complete() {
	full := sipproxy.Config{
		Shards: c.Shards, MaxCalls: c.MaxCalls, SourceRate: c.SourceRate, RingTime: c.RingTime, MaxDuration: c.MaxDuration,
		FirstStretch: c.InitialGrant, Stretch: c.GrantIncrement, DrainTime: c.DrainTime, SessionCheck: c.SessionCheck, Digest: c.Digest,
	}.Complete()
	c.Shards, c.MaxCalls, c.SourceRate, c.RingTime, c.MaxDuration = full.Shards, full.MaxCalls, full.SourceRate, full.RingTime, full.MaxDuration
	c.InitialGrant, c.GrantIncrement, c.DrainTime, c.SessionCheck, c.Digest = full.FirstStretch, full.Stretch, full.DrainTime, full.SessionCheck, full.Digest
}

// Validate checks the configuration, and fills in the name of the host where the node has none. Errors name the key and the remedy.
func (c *Config) Validate() error {
	if c.Node == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("node is empty and the host has no name: %w", err)
		}
		c.Node = host
	}
	if c.Data == "" {
		return errors.New("data is empty: name a folder")
	}
	const leastMemory = 64 << 20
	if c.Memory != 0 && c.Memory < leastMemory {
		return fmt.Errorf("memory is %d bytes: use %d at least, or 0 for half of what the machine has", c.Memory, leastMemory)
	}
	if c.Kafka.Partitions < 1 || c.Kafka.Partitions > 1000 {
		return fmt.Errorf("kafka.partitions is %d: use 1 to 1000", c.Kafka.Partitions)
	}
	if _, err := c.SIP.Listeners(); err != nil {
		return err
	}
	if err := c.validateStores(); err != nil {
		return err
	}
	if c.HTTP.OIDCIssuer != "" && (c.HTTP.OIDCClient == "" || c.HTTP.PublicURL == "") {
		return errors.New("http.oidc_issuer needs http.oidc_client, and http.public_url to which the issuer sends people back")
	}
	if c.SIP.GraceCall < 0 || c.SIP.GraceTenant < c.SIP.GraceCall {
		return fmt.Errorf("sip.grace_tenant is %s and sip.grace_call %s: all calls of a tenant need at least the time of one, "+
			"for example grace_call: 2m and grace_tenant: 30m; both 0 refuse calls while the ledger does not answer", c.SIP.GraceTenant, c.SIP.GraceCall)
	}
	if err := c.SIP.validate(); err != nil {
		return err
	}
	_, err := logLevel(c.Log.Level)
	return err
}

// validateStores bounds what the stores are asked for.
func (c *Config) validateStores() error {
	for _, n := range []struct {
		key         string
		value, from int
	}{{"postgres.max_conns", c.Postgres.MaxConns, 4}, {"clickhouse.max_conns", c.ClickHouse.MaxConns, 4}} {
		if n.value < n.from || n.value > 1000 {
			return fmt.Errorf("%s is %d: use %d to 1000", n.key, n.value, n.from)
		}
	}
	if c.Postgres.StatementLimit < time.Minute {
		return fmt.Errorf("postgres.statement_limit is %s: use a minute or more", c.Postgres.StatementLimit)
	}
	if c.Worker.KeepPacked < time.Hour {
		return fmt.Errorf("worker.keep_packed is %s: use an hour or more, and longer than ClickHouse's backups are apart", c.Worker.KeepPacked)
	}
	if err := c.Exchange.validate(); err != nil {
		return err
	}
	if err := c.Retention.Validate(c.Worker.KeepPacked); err != nil {
		return err
	}
	if c.Worker.KeepIdentities < 48*time.Hour {
		return fmt.Errorf("worker.keep_identities is %s: use 48h or more, and longer than a proxy may be away or the topic keeps legs", c.Worker.KeepIdentities)
	}
	return nil
}

func (c *SIP) validate() error {
	for _, w := range []struct{ key, value, first, second string }{
		{"refer", c.Refer, "refuse", "follow"}, {"media", c.Media, "auto", "direct"}, {"rtpengine_down", c.RTPEngineDown, "refuse", "pass"},
	} {
		if w.value != w.first && w.value != w.second {
			return fmt.Errorf("sip.%s is %q: use %s or %s", w.key, w.value, w.first, w.second)
		}
	}
	for _, engine := range c.RTPEngine {
		if _, err := rtpengine.Address(engine); err != nil {
			return fmt.Errorf("sip.rtpengine: %w", err)
		}
	}
	return nil
}

// Listeners reads the SIP listeners.
func (c *SIP) Listeners() ([]wire.Listen, error) {
	out := make([]wire.Listen, 0, len(c.Listen))
	for _, l := range c.Listen {
		transport, address, ok := strings.Cut(l, "/")
		if !ok {
			return nil, fmt.Errorf("sip.listen has %q: want transport/host:port, such as udp/127.0.0.1:5060", l)
		}
		if strings.EqualFold(transport, wire.WS) && !c.PlainWS && !isLoopback(address) {
			return nil, fmt.Errorf("sip.listen has %q: passwords and calls would be open to all on the way: use wss, a loopback address "+
				"behind a proxy with TLS, or set sip.ws_plain", l)
		}
		out = append(out, wire.Listen{Transport: transport, Address: address, Advertise: c.Advertise})
	}
	return out, nil
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Masked returns the configuration without its secrets, for showing.
func (c Config) Masked() Config {
	c.Postgres.DSN, c.ClickHouse.DSN = maskDSN(c.Postgres.DSN), maskDSN(c.ClickHouse.DSN)
	if c.HTTP.OIDCSecret != "" {
		c.HTTP.OIDCSecret = "***"
	}
	if c.Alerts.SMTPPassword != "" {
		c.Alerts.SMTPPassword = "***"
	}
	return c
}

func maskDSN(dsn string) string {
	if dsn == "" {
		return ""
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return "***"
	}
	return u.Redacted()
}

// RequireAddresses refuses engines without an address: a part that starts engines of its own instead works with empty ones.
func (c *Config) RequireAddresses() error {
	var missing []string
	for _, e := range []struct {
		variable string
		set      bool
	}{
		{"TRUNKLINE_POSTGRES_DSN", c.Postgres.DSN != ""}, {"TRUNKLINE_CLICKHOUSE_DSN", c.ClickHouse.DSN != ""}, {"TRUNKLINE_KAFKA_BROKERS", len(c.Kafka.Brokers) > 0},
	} {
		if !e.set {
			missing = append(missing, e.variable)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("%s is not set: give the engine's address, or --embedded to start one with empty data here", strings.Join(missing, " and "))
}
