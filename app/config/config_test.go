package config_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/app/config"
	"trunkline/reports/retention"
)

// TestTheDefaultIsValid starts with nothing set, under the name of the host.
func TestTheDefaultIsValid(t *testing.T) {
	t.Parallel()
	c := config.Default()
	require.NoError(t, c.Validate())
	require.NotEmpty(t, c.Node)
	c.SIP.Complete()
	require.Positive(t, c.SIP.Shards, "what is in force can be looked at")
	require.Positive(t, c.SIP.MaxCalls)
	require.Equal(t, time.Minute, c.SIP.InitialGrant)
}

// TestFaultsNameTheKey says which key is wrong, and what to use.
func TestFaultsNameTheKey(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*config.Config){
		"memory is 1024 bytes: use 67108864 at least":           func(c *config.Config) { c.Memory = 1024 },
		"data is empty: name a folder":                          func(c *config.Config) { c.Data = "" },
		"kafka.partitions is 0: use 1 to 1000":                  func(c *config.Config) { c.Kafka.Partitions = 0 },
		"sip.listen has \"5060\"":                               func(c *config.Config) { c.SIP.Listen = []string{"5060"} },
		"use wss, a loopback address":                           func(c *config.Config) { c.SIP.Listen = []string{"ws/0.0.0.0:5080"} },
		"postgres.max_conns is 2: use 4 to 1000":                func(c *config.Config) { c.Postgres.MaxConns = 2 },
		"clickhouse.max_conns is 2000: use 4 to 1000":           func(c *config.Config) { c.ClickHouse.MaxConns = 2000 },
		"postgres.statement_limit is 1s: use a minute":          func(c *config.Config) { c.Postgres.StatementLimit = time.Second },
		"worker.keep_packed is 1m0s: use an hour":               func(c *config.Config) { c.Worker.KeepPacked = time.Minute },
		"worker.keep_identities is 1h0m0s: use 48h":             func(c *config.Config) { c.Worker.KeepIdentities = time.Hour },
		"exchange.every is 1s: use 1m0s or more":                func(c *config.Config) { c.Exchange.Sources, c.Exchange.Every = []string{"rates.csv"}, time.Second },
		"http.oidc_issuer needs http.oidc_client":               func(c *config.Config) { c.HTTP.OIDCIssuer = "https://id.example.com" },
		"all calls of a tenant need at least the time of one":   func(c *config.Config) { c.SIP.GraceCall = time.Minute },
		"sip.refer is \"maybe\": use refuse or follow":          func(c *config.Config) { c.SIP.Refer = "maybe" },
		"sip.media is \"\": use auto or direct":                 func(c *config.Config) { c.SIP.Media = "" },
		"sip.rtpengine_down is \"wait\": use refuse or pass":    func(c *config.Config) { c.SIP.RTPEngineDown = "wait" },
		"sip.rtpengine: ":                                       func(c *config.Config) { c.SIP.RTPEngine = []string{"nowhere"} },
		"log.level is \"loud\": use debug, info, warn or error": func(c *config.Config) { c.Log.Level = "loud" },
		"retention.calls":                                       func(c *config.Config) { c.Retention.Calls = retention.Span(time.Hour) },
	} {
		c := config.Default()
		change(&c)
		require.ErrorContains(t, c.Validate(), says)
	}
	for name, listen := range map[string]string{"on this machine": "ws/127.0.0.1:5080", "by name": "ws/localhost:5080", "with TLS": "wss/0.0.0.0:5081"} {
		c := config.Default()
		c.SIP.Listen = []string{listen}
		require.NoError(t, c.Validate(), name)
	}
}

// TestSecretsAreMasked shows the configuration without its passwords.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Postgres.DSN, c.ClickHouse.DSN = "postgres://trunkline:hidden1@db/trunkline", "host=ch password=hidden2"
	c.HTTP.OIDCSecret, c.Alerts.SMTPPassword = "hidden3", "hidden4"
	shown := c.Masked()
	require.Equal(t, "postgres://trunkline:xxxxx@db/trunkline", shown.Postgres.DSN)
	require.Equal(t, "***", shown.ClickHouse.DSN, "what cannot be read is hidden as a whole")
	require.Equal(t, "***", shown.HTTP.OIDCSecret)
	require.Equal(t, "***", shown.Alerts.SMTPPassword)
	require.Equal(t, "hidden4", c.Alerts.SMTPPassword, "the configuration itself keeps them")
	require.Empty(t, config.Default().Masked().HTTP.OIDCSecret, "what is not set is not masked")
}

// TestVariablesThatSetNothing refuses a mistyped variable with what was meant, and leaves those of others alone.
func TestVariablesThatSetNothing(t *testing.T) {
	t.Parallel()
	c := config.Default()
	for _, pair := range []string{
		"HOME=/root", "TRUNKLINE_POSTGRES_DSN=x", "TRUNKLINE_TEST_ANYTHING=1", "TRUNKLINE_SERVICE_HOST=10.0.0.1", "TRUNKLINE_PORT=tcp://10.0.0.1:80", "TRUNKLINE_PORT_80_TCP=tcp://10.0.0.1:80",
	} {
		require.NoError(t, config.CheckEnvironment(&c, []string{pair}), pair)
	}
	for pair, says := range map[string]string{
		"TRUNKLINE_POSTGRES_DNS=x": "did you mean TRUNKLINE_POSTGRES_DSN", "TRUNKLINE_WEATHER_FORECAST=rain": "there is no setting TRUNKLINE_WEATHER_FORECAST: unset it", "TRUNKLINE_PORT=5060": "there is no setting TRUNKLINE_PORT",
	} {
		require.ErrorContains(t, config.CheckEnvironment(&c, []string{pair}), says, pair)
	}
}

// TestEnginesHaveAddresses names what is missing where nothing is started here.
func TestEnginesHaveAddresses(t *testing.T) {
	t.Parallel()
	c := config.Default()
	require.ErrorContains(t, c.RequireAddresses(), "TRUNKLINE_POSTGRES_DSN and TRUNKLINE_CLICKHOUSE_DSN and TRUNKLINE_KAFKA_BROKERS is not set")
	c.Postgres.DSN, c.Kafka.Brokers = "postgres://db", []string{"kafka:9092"}
	require.ErrorContains(t, c.RequireAddresses(), "TRUNKLINE_CLICKHOUSE_DSN is not set")
	c.ClickHouse.DSN = "clickhouse://ch"
	require.NoError(t, c.RequireAddresses())
}

// TestLogs write what is asked for, in the form that is asked for.
func TestLogs(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"json": `"msg":"late"`, "text": "msg=late", "": "msg=late"} {
		var out bytes.Buffer
		log, err := config.NewLogger(&config.Log{Level: "warn", Format: format}, &out)
		require.NoError(t, err, format)
		log.Info("early")
		log.Warn("late")
		require.Contains(t, out.String(), want, format)
		require.NotContains(t, out.String(), "early", format)
	}
	_, err := config.NewLogger(&config.Log{Level: "info", Format: "xml"}, &bytes.Buffer{})
	require.ErrorContains(t, err, "log.format")
}

// TestPagesAreSecure by HTTPS only.
func TestPagesAreSecure(t *testing.T) {
	t.Parallel()
	require.True(t, (&config.HTTP{PublicURL: "https://bill.example.com"}).Secure())
	require.False(t, (&config.HTTP{PublicURL: "http://bill.example.com"}).Secure())
	require.False(t, (&config.HTTP{}).Secure())
}
