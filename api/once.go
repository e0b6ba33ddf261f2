package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// IdempotencyStore keeps the responses to writes with an Idempotency-Key, for a day.
type IdempotencyStore interface {
	// Claim begins a write under a key of its sender. One that was begun before is not: it returns what is known of it, with
	// status 0 while it is not answered yet.
	Claim(ctx context.Context, who, key string, request []byte) (was StoredResponse, fresh bool, err error)
	// Answer keeps what a write was answered; with status 0 its key is free again.
	Answer(ctx context.Context, who, key string, a StoredResponse) error
}

// StoredResponse is the response to a write.
type StoredResponse struct {
	Request []byte // Hash of it.
	Status  int
	ETag    string
	Body    []byte
}

// idempotent lets a write with an Idempotency-Key take effect once: the same request gets the same answer, another one with
// the same key is refused.
func (s *Server) idempotent(c *gin.Context) {
	key, who := c.GetHeader("Idempotency-Key"), PrincipalFrom(c.Request.Context())
	if key == "" || who == nil || c.Request.Method == http.MethodGet {
		c.Next()
		return
	}
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		s.failed(c, err)
		return
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.New()
	_, _ = io.WriteString(sum, c.Request.Method+" "+c.Request.URL.RequestURI()+"\n") // A hash takes everything.
	_, _ = sum.Write(body)
	request := sum.Sum(nil)
	was, fresh, err := s.o.Idempotency.Claim(c.Request.Context(), who.By(), key, request)
	switch {
	case err != nil:
		s.failed(c, err)
	case fresh:
		s.answerIdempotent(c, who.By(), key)
	case !bytes.Equal(was.Request, request):
		problem(c, http.StatusUnprocessableEntity, "Key used", "Another request was sent with this Idempotency-Key: choose a new one.")
	case was.Status == 0:
		problem(c, http.StatusConflict, "In progress", "A request with this Idempotency-Key is being answered: ask again in a moment.")
	default:
		if was.ETag != "" {
			c.Header("ETag", was.ETag)
		}
		c.Header("Idempotent-Replayed", "true")
		c.Data(was.Status, "application/json; charset=utf-8", was.Body)
		c.Abort()
	}
}

// answerIdempotent answers and stores the response. What failed on our side may be tried again.
func (s *Server) answerIdempotent(c *gin.Context, who, key string) {
	kept := &recorder{ResponseWriter: c.Writer}
	c.Writer = kept
	ctx := context.WithoutCancel(c.Request.Context())
	a := StoredResponse{}
	defer func() { // Also when the request panics: the key is free again then.
		if err := s.o.Idempotency.Answer(ctx, who, key, a); err != nil {
			s.o.Log.ErrorContext(ctx, "the answer to a write could not be kept", "error", err)
		}
	}()
	c.Next()
	if status := kept.Status(); status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		a = StoredResponse{Status: status, ETag: kept.Header().Get("ETag"), Body: kept.body.Bytes()}
	}
}

// recorder keeps what is written through it.
type recorder struct {
	gin.ResponseWriter

	body bytes.Buffer
}

// Write keeps and writes.
func (k *recorder) Write(b []byte) (int, error) {
	k.body.Write(b)
	return k.ResponseWriter.Write(b)
}

// WriteString keeps and writes.
func (k *recorder) WriteString(text string) (int, error) { return k.Write([]byte(text)) }
