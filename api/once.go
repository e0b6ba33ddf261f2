package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
)

// Answers keeps what writes with an Idempotency-Key were answered, for a day.
type Answers interface {
	// Claim begins a write under a key of its sender. One that was begun before is not: it returns what is known of it, with
	// status 0 while it is not answered yet.
	Claim(ctx context.Context, who, key string, request []byte) (was Answer, fresh bool, err error)
	// Answer keeps what a write was answered; with status 0 its key is free again.
	Answer(ctx context.Context, who, key string, a Answer) error
}

// Answer is what a write was answered.
type Answer struct {
	Request []byte // Hash of it.
	Status  int
	ETag    string
	Body    []byte
}

// once lets a write with an Idempotency-Key take effect once: the same request gets the same answer, another one with
// the same key is refused.
func (s *Server) once(c *gin.Context) {
	key, who := c.GetHeader("Idempotency-Key"), WhoOf(c.Request.Context())
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
	was, fresh, err := s.o.Answers.Claim(c.Request.Context(), who.By(), key, request)
	switch {
	case err != nil:
		s.failed(c, err)
	case fresh:
		s.answerOnce(c, who.By(), key)
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

// answerOnce answers and keeps the answer. What failed on our side may be tried again.
func (s *Server) answerOnce(c *gin.Context, who, key string) {
	kept := &keeping{ResponseWriter: c.Writer}
	c.Writer = kept
	ctx := context.WithoutCancel(c.Request.Context())
	a := Answer{}
	defer func() { // Also when the request panics: the key is free again then.
		if err := s.o.Answers.Answer(ctx, who, key, a); err != nil {
			s.o.Log.ErrorContext(ctx, "the answer to a write could not be kept", "error", err)
		}
	}()
	c.Next()
	if status := kept.Status(); status < http.StatusInternalServerError && status != http.StatusTooManyRequests {
		a = Answer{Status: status, ETag: kept.Header().Get("ETag"), Body: kept.body.Bytes()}
	}
}

// keeping keeps what is written through it.
type keeping struct {
	gin.ResponseWriter

	body bytes.Buffer
}

// Write keeps and writes.
func (k *keeping) Write(b []byte) (int, error) {
	k.body.Write(b)
	return k.ResponseWriter.Write(b)
}

// WriteString keeps and writes.
func (k *keeping) WriteString(text string) (int, error) { return k.Write([]byte(text)) }
