package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"trunkline/internal/clock"
)

const (
	readLimit     = 10 * time.Second
	writeLimit    = 60 * time.Second
	idleLimit     = 2 * time.Minute
	headerLimit   = 32 << 10
	bodyLimit     = 1 << 20
	shutdownLimit = 5 * time.Second
)

// Options set a Server up.
type Options struct {
	Listen   string // host:port; port 0 takes a free one.
	User     string // Who may see the pages, and
	Password string // with what password.
	Title    string
	Health   []Check
	Console  Console
	Pages    bool // Else only health, metrics and what commands ask.
	Importer Importer
	// Operations are those of the proxy in this process; nil: it has none.
	Operations Operations
	Metrics    prometheus.Gatherer
	Clock      clock.Clock
	Log        *slog.Logger
}

// Check is one part of the system that has to work.
type Check struct {
	Name string
	// Probe returns nil when the part works. It is bounded by its context.
	Probe func(ctx context.Context) error
}

// Server answers over HTTP until it is closed.
type Server struct {
	o        Options
	http     *http.Server
	listener net.Listener
	pages    *template.Template
	done     chan struct{}
}

// Open binds the address and begins to serve.
func Open(ctx context.Context, o Options) (*Server, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on http://%s: %w: choose another address with http.listen", o.Listen, err)
	}
	s := &Server{o: o, listener: listener, pages: pages, done: make(chan struct{})}
	s.http = &http.Server{
		// The browser sends the password of the pages along with what other sites make it send: such requests are refused.
		Handler: http.NewCrossOriginProtection().Handler(s.routes()), ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
		MaxHeaderBytes: headerLimit, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			o.Log.ErrorContext(ctx, "the HTTP server ended", "error", err)
		}
	}()
	return s, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close lets requests in progress end and stops.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownLimit)
	defer cancel()
	err := s.http.Shutdown(ctx)
	<-s.done
	return err
}

func (s *Server) routes() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(s.recovered, secured)
	r.GET("/healthz/live", func(c *gin.Context) { c.String(http.StatusOK, "alive\n") })
	r.GET("/healthz/ready", s.ready)
	if s.o.Importer != nil {
		r.POST("/api/v1/imports/:tenant/:pbx", s.authenticated, bounded(importLimit), s.importRecords)
	}
	inside := r.Group("/", s.authenticated, bounded(bodyLimit))
	inside.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.o.Metrics, promhttp.HandlerOpts{})))
	inside.GET("/debug/pprof/profile", gin.WrapF(pprof.Profile)) // Where the time goes, for those who run it.
	inside.GET("/debug/pprof/heap", gin.WrapH(pprof.Handler("heap")))
	inside.GET("/debug/pprof/goroutine", gin.WrapH(pprof.Handler("goroutine")))
	if s.o.Operations != nil {
		s.operate(inside)
	}
	if s.o.Pages {
		inside.GET("/", s.overview)
		inside.GET("/assets/style.css", style)
	}
	return r
}

// recovered turns a panic into a 500 without telling the client what happened.
func (s *Server) recovered(c *gin.Context) {
	defer func() {
		if v := recover(); v != nil {
			s.o.Log.Error("a request panicked", "path", c.FullPath(), "panic", fmt.Sprint(v))
			c.AbortWithStatus(http.StatusInternalServerError)
		}
	}()
	c.Next()
}

// secured sets the headers that keep a page to itself: nothing of others is loaded, framed or guessed.
func secured(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	c.Next()
}

// bounded limits the body of a request.
func bounded(limit int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		c.Next()
	}
}

// authenticated lets those in who know the password. Hashes are compared, so that the time tells nothing of the length.
func (s *Server) authenticated(c *gin.Context) {
	user, password, _ := c.Request.BasicAuth()
	if equal(user, s.o.User) && equal(password, s.o.Password) && s.o.Password != "" {
		c.Next()
		return
	}
	c.Header("WWW-Authenticate", `Basic realm="Trunkline", charset="UTF-8"`)
	c.AbortWithStatus(http.StatusUnauthorized)
}

func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

const probeLimit = 2 * time.Second

// ready answers 200 when every part works, and 503 with the names of those that do not.
func (s *Server) ready(c *gin.Context) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), probeLimit)
	defer cancel()
	status := http.StatusOK
	var text strings.Builder
	for _, check := range s.o.Health {
		state := "ok"
		if err := check.Probe(ctx); err != nil {
			status, state = http.StatusServiceUnavailable, "not ready"
			s.o.Log.Warn("not ready", "part", check.Name, "error", err)
		}
		text.WriteString(check.Name + ": " + state + "\n")
	}
	c.String(status, "%s", text.String())
}
