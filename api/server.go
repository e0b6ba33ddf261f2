package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"trunkline/access"
	"trunkline/api/rest"
	"trunkline/console"
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
	Listen      string // host:port; port 0 takes a free one.
	PublicURL   string // What links in mails begin with, such as https://bill.example.com; empty: the listener's address.
	Secure      bool   // Browsers come by HTTPS: cookies are sent over nothing else.
	Console     *console.Console
	Gate        *access.Gate
	Idempotency IdempotencyStore
	LocalKey    string // By which commands on this machine are let in; empty: none.
	Health      []Check
	Pages       Pages        // Nil: only the API, health and metrics.
	Description *Description // Nil: Open reads it.
	Metrics     prometheus.Gatherer
	Clock       clock.Clock
	Log         *slog.Logger
}

// Pages are what browsers are shown.
type Pages interface {
	// Register adds the pages to the router.
	Register(r gin.IRouter, s *Server)
	// NotFound answers browsers for addresses that nothing is at, and reports whether it did.
	NotFound(c *gin.Context) bool
}

// Check is one part of the system that has to work.
type Check struct {
	Name string
	// Probe returns nil when the part works. It is bounded by its context.
	Probe func(ctx context.Context) error
	// Note is what there is to be said of a part that works; empty: nothing. Nil says nothing.
	Note func() string
}

// Server answers over HTTP until it is closed.
type Server struct {
	o         Options
	http      *http.Server
	listener  net.Listener
	described *Description
	done      chan struct{}
}

// Open binds the address and begins to serve.
func Open(ctx context.Context, o Options) (*Server, error) {
	description := o.Description
	if description == nil {
		var err error
		if description, err = Describe(ctx); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on http://%s: %w: choose another address with http.listen", o.Listen, err)
	}
	s := &Server{o: o, listener: listener, described: description, done: make(chan struct{})}
	routes := s.routes() //nolint:contextcheck // A request has a context of its own.
	s.http = &http.Server{
		// A browser sends the cookie of a session along with what other sites make it send: such requests are refused.
		Handler: http.NewCrossOriginProtection().Handler(routes), ReadTimeout: readLimit, WriteTimeout: writeLimit, IdleTimeout: idleLimit,
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
	r.ContextWithFallback = true // Who asks stands in the request's context.
	r.Use(s.recovered, tidied, secured)
	r.GET("/healthz/live", func(c *gin.Context) { c.String(http.StatusOK, "alive\n") })
	r.GET("/healthz/ready", s.ready)
	inside := r.Group("/", s.requireAuth, bounded(bodyLimit), s.permits(access.ReadMetrics))
	inside.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.o.Metrics, promhttp.HandlerOpts{})))
	inside.GET("/debug/pprof/profile", gin.WrapF(pprof.Profile)) // Where the time goes, for those who run it.
	inside.GET("/debug/pprof/heap", gin.WrapH(pprof.Handler("heap")))
	inside.GET("/debug/pprof/goroutine", gin.WrapH(pprof.Handler("goroutine")))
	s.serveAPI(r)
	if s.o.Pages != nil {
		s.o.Pages.Register(r, s)
	}
	return r
}

// serveAPI adds the operations of the API.
func (s *Server) serveAPI(r *gin.Engine) {
	r.POST(apiPath+"/imports/:tenant/:pbx", s.requireAuth, s.permits(access.WriteImports), bounded(importLimit), s.importRecords)
	for _, priced := range []string{"/decks/:id", "/tariffs/:id"} {
		lists := r.Group(apiPath+priced, s.requireAuth, bounded(console.MaxDeck))
		lists.POST("/imports", s.checked, s.sendDeck)
		lists.POST("/imports/:upload/apply", s.checked, s.applyDeck)
		lists.POST("/imports/:upload/compare", s.checked, s.compareDeck)
		lists.GET("/imports/:upload/rejected", s.checked, s.rejectedLines)
		lists.POST("/undo", s.checked, s.undoDeck)
		lists.GET("/versions", s.checked, s.priceVersions)
		lists.GET("/sheet", s.checked, s.rateSheet)
	}
	r.POST(apiPath+"/operator-file", s.requireAuth, bounded(console.MaxDeck), s.checked, s.applyFile)
	r.GET(apiPath+"/jobs/:id/result", s.requireAuth, s.checked, s.jobResult)
	// The description is not secret, and programs read it before they sign in.
	r.GET(apiPath+"/openapi.yaml", description)
	group := r.Group(apiPath, bounded(bodyLimit), s.requireAuthButSignIn, s.checked, s.idempotent)
	s.provisioned(group)
	hook := func(c *gin.Context, err error) { s.failed(c, err) }
	unread := func(c *gin.Context, err error) { problem(c, http.StatusBadRequest, "Not valid", err.Error()) }
	strict := rest.NewStrictHandlerWithOptions(&operations{s, s.o.Console}, nil, rest.StrictGinServerOptions{
		RequestErrorHandlerFunc: unread, HandlerErrorFunc: hook, ResponseErrorHandlerFunc: hook,
	})
	rest.RegisterHandlersWithOptions(group, strict, rest.GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { unread(c, err) },
	})
	r.NoRoute(s.notFound)
}

const apiPath = "/api/v1"

// notFound answers for addresses that nothing is at.
func (s *Server) notFound(c *gin.Context) {
	if s.o.Pages != nil && s.o.Pages.NotFound(c) {
		return
	}
	problem(c, http.StatusNotFound, "Not found", "There is nothing at this address.")
}

// requireAuthButSignIn is requireAuth for all operations but signing in.
func (s *Server) requireAuthButSignIn(c *gin.Context) {
	if c.FullPath() == apiPath+"/session" && c.Request.Method == http.MethodPost {
		c.Next()
		return
	}
	s.requireAuth(c)
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

// tidied removes the files that a form has left. The HTTP server removes those of the request that it has made, and whoever is authenticated
// has a copy of it, which the form is in.
func tidied(c *gin.Context) {
	defer func() {
		if form := c.Request.MultipartForm; form != nil {
			_ = form.RemoveAll() // Whatever is left then is in the folder of what may be removed.
		}
	}()
	c.Next()
}

// secured sets the headers that keep a page to itself: nothing of others is loaded, framed or guessed.
func secured(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	c.Next()
}

// bounded limits the body of a request.
func bounded(limit int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		Bound(c, limit)
		c.Next()
	}
}

// Bound limits the body of a request, in bytes. The reader needs the server's own writer: by it the connection is closed after a body that
// is too large, whose rest would be read as another request (RFC 9112, section 9.3).
func Bound(c *gin.Context, limit int64) {
	var w http.ResponseWriter = c.Writer
	for inner, ok := w.(unwrapper); ok; inner, ok = w.(unwrapper) {
		w = inner.Unwrap()
	}
	c.Request.Body = http.MaxBytesReader(w, c.Request.Body, limit)
}

// unwrapper is a writer around another one.
type unwrapper interface{ Unwrap() http.ResponseWriter }

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
		} else if check.Note != nil {
			if note := check.Note(); note != "" {
				state += " (" + note + ")"
			}
		}
		text.WriteString(check.Name + ": " + state + "\n")
	}
	c.String(status, "%s", text.String())
}
