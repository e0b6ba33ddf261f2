package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	driver "github.com/ClickHouse/clickhouse-go/v2"
)

// ErrHTTP is returned, wrapped, when ClickHouse's HTTP port does not answer as it should.
var ErrHTTP = errors.New("clickhouse over HTTP")

// Exporter streams rows as Arrow over ClickHouse's HTTP port. It is safe for concurrent use.
type Exporter struct {
	base     url.URL
	user     string
	password string
	client   *http.Client
}

// NewExporter returns an exporter that logs in as the native protocol does; address is host:port of the HTTP port, or empty
// for port 8123 of the same host.
func NewExporter(dsn, address string, client *http.Client) (*Exporter, error) {
	options, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("address of ClickHouse: %w", err)
	}
	if address == "" {
		host, _, _ := strings.Cut(options.Addr[0], ":")
		address = host + ":8123"
	}
	e := &Exporter{base: url.URL{Scheme: "http", Host: address, Path: "/"}, user: options.Auth.Username, password: options.Auth.Password, client: client}
	if options.TLS != nil {
		e.base.Scheme = "https"
	}
	e.base.RawQuery = url.Values{"database": {options.Auth.Database}}.Encode()
	return e, nil
}

// exportColumns are the columns of a record for other programs. Money and seconds are weighed with the sign, so that every
// column adds up; what did not happen is null.
const exportColumns = `toString(call) AS call, seq, toString(kind) AS kind, toString(direction) AS direction, toInt8(sign) AS sign, source, node, tenant,
    branch, extension, number, from_number, to_number, caller_id, dialled, carrier, gateway,
    setup, nullIf(progress, toDateTime64(0, 6, 'UTC')) AS progress, nullIf(connect, toDateTime64(0, 6, 'UTC')) AS connect,
    nullIf(disconnect, toDateTime64(0, 6, 'UTC')) AS disconnect, intDiv(sign * cdr.duration_us, 1000) AS duration_ms, intDiv(cdr.pdd_us, 1000) AS pdd_ms,
    sip_status, cause, toString(released_by) AS released_by, reason, sip_call_id, sign * cdr.billed AS billed_seconds, prefix, destination, country,
    per_minute, cdr.sale * sign AS sale, sale_currency, cdr.cost * sign AS cost, cost_currency, tariff, tariff_version, deck, deck_version, note, toDateTime64(cdr.slot, 0, 'UTC') AS slot`

// Calls streams the records that a filter wants as an Arrow stream (IPC), in the order of their tenants and slots. The filter's
// limit and offset are not looked at. The caller closes the stream; closing it before its end, or ending ctx, stops the query.
func (e *Exporter) Calls(ctx context.Context, f Filter) (io.ReadCloser, error) {
	return e.CallsAs(ctx, f, "ArrowStream")
}

// CallsAs is Calls in another of ClickHouse's own formats, such as CSV or Parquet.
func (e *Exporter) CallsAs(ctx context.Context, f Filter, format string) (io.ReadCloser, error) {
	where, err := f.condition()
	if err != nil {
		return nil, err
	}
	return e.stream(ctx, "SELECT "+exportColumns+" FROM cdr WHERE "+where.String()+" ORDER BY cdr.tenant, cdr.slot, cdr.setup, cdr.call, cdr.seq", where.args, format)
}

// stream runs a query whose "?" are its arguments.
func (e *Exporter) stream(ctx context.Context, query string, args []any, format string) (io.ReadCloser, error) {
	at := e.base
	values := at.Query()
	for name, v := range map[string]string{
		"default_format": format, "output_format_arrow_string_as_string": "1", "output_format_arrow_compression_method": "none",
		"output_format_arrow_low_cardinality_as_dictionary": "0", "max_block_size": "32768", "cancel_http_readonly_queries_on_client_close": "1",
	} {
		values.Set(name, v)
	}
	text, err := named(query, args, values)
	if err != nil {
		return nil, err
	}
	at.RawQuery = values.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.String(), strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHTTP, err)
	}
	r.Header.Set("X-ClickHouse-User", e.user)
	r.Header.Set("X-ClickHouse-Key", e.password)
	answer, err := e.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHTTP, err)
	}
	if answer.StatusCode != http.StatusOK {
		defer answer.Body.Close()
		what, _ := io.ReadAll(io.LimitReader(answer.Body, 1000))
		return nil, fmt.Errorf("%w: %s: %s", ErrHTTP, answer.Status, strings.TrimSpace(string(what)))
	}
	return answer.Body, nil
}

// named turns the arguments of a query into named ones, which the HTTP port takes beside it: values never become a part of
// its text.
func named(query string, args []any, values url.Values) (string, error) {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			if n > len(args) {
				return "", fmt.Errorf("%w: %d arguments are too few", ErrHTTP, len(args))
			}
			kind, value, err := argument(args[n-1])
			if err != nil {
				return "", err
			}
			name := "p" + strconv.Itoa(n)
			b.WriteString("{" + name + ":" + kind + "}")
			values.Set("param_"+name, value)
		}
		b.WriteString(part)
		n++
	}
	return b.String(), nil
}

// argument writes a value as the HTTP port wants it.
func argument(v any) (kind, value string, err error) {
	switch v := v.(type) {
	case string:
		return "String", strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`).Replace(v), nil
	case int64:
		return "Int64", strconv.FormatInt(v, 10), nil
	case int:
		return "Int64", strconv.Itoa(v), nil
	case bool:
		return "Bool", strconv.FormatBool(v), nil
	}
	return "", "", fmt.Errorf("%w: an argument of type %T", ErrHTTP, v)
}

// CountRecords returns how many records a filter wants.
func (s *Store) CountRecords(ctx context.Context, f Filter) (int64, error) {
	where, err := f.condition()
	if err != nil {
		return 0, err
	}
	var n uint64
	if err := s.db.conn.QueryRow(ctx, "SELECT count() FROM cdr WHERE "+where.String(), where.args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count calls: %w", err)
	}
	return int64(n), nil
}
