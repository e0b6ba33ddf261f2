//go:build linux && amd64

package embedded

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"time"
)

// serveHTTP lets those in over HTTP who know the password. Whoever is gone before the answer is whole does not take it from the
// library: the query is ended, and what it still says is read.
func (g *gate) serveHTTP(l net.Listener) {
	transport := &http.Transport{IdleConnTimeout: time.Second, DisableCompression: true}
	server := &http.Server{
		ReadHeaderTimeout: helloLimit, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ping" {
				_, _ = io.WriteString(w, "Ok.\n")
				return
			}
			if !g.knowsRequest(r) {
				http.Error(w, "Code: 516. DB::Exception: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)", http.StatusForbidden)
				return
			}
			g.forward(transport, w, r)
		}),
	}
	_ = server.Serve(l) // It ends with the process.
}

// knowsRequest looks for user and password in the places that ClickHouse reads them from.
func (g *gate) knowsRequest(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		return g.knows(user, password)
	}
	if user := r.Header.Get("X-ClickHouse-User"); user != "" {
		return g.knows(user, r.Header.Get("X-ClickHouse-Key"))
	}
	q := r.URL.Query()
	return g.knows(q.Get("user"), q.Get("password"))
}

func (g *gate) forward(transport *http.Transport, w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("query_id") == "" {
		query.Set("query_id", rand.Text())
	}
	inner := r.Clone(context.WithoutCancel(r.Context()))
	inner.URL.Scheme, inner.URL.Host, inner.URL.RawQuery, inner.RequestURI = "http", g.http, query.Encode(), ""
	answer, err := transport.RoundTrip(inner)
	if err != nil {
		http.Error(w, "ClickHouse does not answer: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	if _, err := io.Copy(flushed{w}, answer.Body); err == nil {
		return
	}
	g.end(transport, inner, query.Get("query_id"))
	_, _ = io.Copy(io.Discard, answer.Body)
}

// end ends a query that nobody waits for any more.
func (g *gate) end(transport *http.Transport, r *http.Request, id string) {
	kill, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPost, "http://"+g.http+"/?param_id="+id+"&query=KILL+QUERY+WHERE+query_id%3D%7Bid%3AString%7D+ASYNC", http.NoBody) //nolint:gosec // The address is the library's own.
	if err != nil {
		return
	}
	kill.SetBasicAuth(role, g.password)
	if answer, err := transport.RoundTrip(kill); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
}

// flushed sends on what it is given at once: an answer may be long in the making.
type flushed struct{ w http.ResponseWriter }

// Write implements io.Writer.
func (f flushed) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if flusher, ok := f.w.(http.Flusher); ok && err == nil {
		flusher.Flush()
	}
	return n, err
}
