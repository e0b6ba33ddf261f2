package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"trunkline/access"
	"trunkline/console"
)

// sessionCookie is the name of the cookie of a session.
const sessionCookie = "trunkline_session"

type principalKey struct{}

// PrincipalFrom returns whoever a request was authenticated as; nil: nobody.
func PrincipalFrom(ctx context.Context) *access.Principal {
	who, _ := ctx.Value(principalKey{}).(*access.Principal)
	return who
}

// Authenticate finds out who sent a request: by a bearer key, by a key as the password of Basic authentication, or by the cookie of a session.
func (s *Server) Authenticate(c *gin.Context) (*access.Principal, error) {
	ctx := c.Request.Context()
	if secret, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer "); ok {
		return s.byKey(ctx, secret)
	}
	if _, secret, ok := c.Request.BasicAuth(); ok {
		return s.byKey(ctx, secret)
	}
	token, err := c.Cookie(sessionCookie)
	if err != nil {
		return nil, access.ErrNoSession
	}
	return s.o.Gate.BySession(ctx, token)
}

// byKey knows the key of this machine, by which commands ask the process, without asking the database.
func (s *Server) byKey(ctx context.Context, secret string) (*access.Principal, error) {
	if s.o.LocalKey != "" && access.SameSecret(secret, s.o.LocalKey) {
		return &access.Principal{User: "local", Name: "this machine", Role: access.Operator, Key: "local"}, nil
	}
	return s.o.Gate.ByKey(ctx, secret)
}

// requireAuth passes on only requests that are authenticated. What they may do is the console's to say.
func (s *Server) requireAuth(c *gin.Context) {
	who, err := s.Authenticate(c)
	if err != nil {
		if errors.Is(err, access.ErrNoSession) {
			c.Header("WWW-Authenticate", `Bearer realm="Trunkline"`)
			if strings.HasPrefix(c.Request.URL.Path, "/metrics") || strings.HasPrefix(c.Request.URL.Path, "/debug") {
				c.Header("WWW-Authenticate", `Basic realm="Trunkline", charset="UTF-8"`)
			}
		}
		s.failed(c, err)
		return
	}
	s.WithPrincipal(c, who)
	c.Next()
}

// WithPrincipal puts whoever a request was authenticated as, and the address that it came from, into its context.
func (s *Server) WithPrincipal(c *gin.Context, who *access.Principal) {
	ctx := context.WithValue(c.Request.Context(), principalKey{}, who)
	c.Request = c.Request.WithContext(console.WithSource(ctx, Source(c.Request)))
}

// Source is the address that a request comes from.
func Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// permits lets only those on who have a permission, for what is no operation of the console.
func (s *Server) permits(p access.Permission) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !PrincipalFrom(c.Request.Context()).May(p) {
			problem(c, http.StatusForbidden, "Not allowed", "This needs the permission "+string(p)+".")
			return
		}
		c.Next()
	}
}

// SetSession gives a browser the cookie of a session, or with an empty token takes it away.
func (s *Server) SetSession(w http.ResponseWriter, token string) {
	cookie := &http.Cookie{ //nolint:gosec // Secure wherever browsers come by HTTPS.
		Name: sessionCookie, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: s.o.Secure, // Over plain HTTP on loopback a browser would not send it back.
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}
