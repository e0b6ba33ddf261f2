package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/api/rest"
	"trunkline/console"
	"trunkline/internal/clock"
	"trunkline/rating/deckfile"
)

// ListOf says by an address, of the API or of a page, what a price list is for, a deck or a tariff, and under which id it is kept.
func ListOf(c *gin.Context) console.DeckList {
	l := console.DeckList{Upload: c.Param("upload")}
	if strings.HasPrefix(strings.TrimPrefix(c.FullPath(), apiPath), "/tariffs/") {
		l.Tariff = c.Param("id")
	} else {
		l.Deck = c.Param("id")
	}
	return l
}

// deckList reads what an address says of a price list.
func deckList(c *gin.Context) (l console.DeckList, err error) {
	l = ListOf(c)
	if l.Mode, err = deckfile.ParseMode(c.Query("mode")); err != nil {
		return l, fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	if text := c.Query("effective"); text != "" {
		if l.Effective, err = time.Parse(time.RFC3339, text); err != nil {
			return l, fmt.Errorf("%w: effective: %w", console.ErrInvalid, err)
		}
	}
	return l, ListSaid(&l, c.Request.URL.Query())
}

// ListSaid reads what somebody says about a price list: the names of deckfile.AnswerNames, with underscores, and how it is put in
// force. Errors are ErrInvalid.
func ListSaid(l *console.DeckList, q url.Values) error {
	for _, name := range deckfile.AnswerNames() {
		for _, value := range q[strings.ReplaceAll(name.Name, "-", "_")] {
			if err := l.Answers.Set(name.Name, value); err != nil {
				return fmt.Errorf("%w: %w", console.ErrInvalid, err)
			}
		}
	}
	l.Partial, l.Yes, l.DropAnnounced, l.Forget = said(q, "partial"), said(q, "yes"), said(q, "drop_announced"), said(q, "forget")
	return nil
}

func said(q url.Values, name string) bool { return q.Get(name) == "true" || q.Get(name) == "on" }

// listTime is how long a price list may take to come in.
const listTime = 5 * time.Minute

// sendDeck keeps a price list and tells what it would change.
func (s *Server) sendDeck(c *gin.Context) {
	control := http.NewResponseController(c.Writer)
	until := clock.System{}.Now().Add(listTime) // Sockets know no other.
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		s.o.Log.WarnContext(c, "a price list has the usual time only", "error", err)
	}
	l, err := deckList(c)
	ctx := c.Request.Context()
	if err == nil {
		l.Upload, err = s.o.Console.SendDeck(ctx, PrincipalFrom(ctx), l, c.DefaultQuery("name", "list"), c.Request.Body)
	}
	if err != nil {
		s.failed(c, err)
		return
	}
	s.answerCompared(c, l)
}

func (s *Server) applyDeck(c *gin.Context) {
	l, err := deckList(c)
	ctx := c.Request.Context()
	if err == nil && async(c.GetHeader("Prefer")) {
		j, err := s.o.Console.StartApply(ctx, PrincipalFrom(ctx), l)
		s.answerBegun(c, j, err)
		return
	}
	if err == nil {
		err = s.o.Console.ApplyDeck(ctx, PrincipalFrom(ctx), l)
	}
	s.finish(c, err)
}

// compareDeck tells what a list that was sent before would change, read in another way.
func (s *Server) compareDeck(c *gin.Context) {
	l, err := deckList(c)
	if err != nil {
		s.failed(c, err)
		return
	}
	s.answerCompared(c, l)
}

// answerCompared tells what a list would change, at once or as a job.
func (s *Server) answerCompared(c *gin.Context, l console.DeckList) {
	ctx := c.Request.Context()
	if async(c.GetHeader("Prefer")) {
		j, err := s.o.Console.StartCompare(ctx, PrincipalFrom(ctx), l)
		s.answerBegun(c, j, err)
		return
	}
	compared, err := s.o.Console.CompareDeck(ctx, PrincipalFrom(ctx), l)
	if err != nil {
		s.failed(c, err)
		return
	}
	c.JSON(http.StatusOK, compared)
}

// rejectedLines sends the faulty lines of a list with their reasons.
func (s *Server) rejectedLines(c *gin.Context) {
	l, err := deckList(c)
	var out bytes.Buffer
	if err == nil {
		err = s.o.Console.RejectedLines(c.Request.Context(), PrincipalFrom(c.Request.Context()), l, &out)
	}
	if err != nil {
		s.failed(c, err)
		return
	}
	c.Data(http.StatusOK, "text/csv; charset=utf-8", out.Bytes())
}

func (s *Server) undoDeck(c *gin.Context) {
	revision, err := strconv.ParseInt(c.DefaultQuery("revision", "0"), 10, 64)
	if err != nil {
		s.failed(c, fmt.Errorf("%w: revision: %w", console.ErrInvalid, err))
		return
	}
	_, err = s.o.Console.UndoDeck(c.Request.Context(), PrincipalFrom(c.Request.Context()), ListOf(c), revision)
	s.finish(c, err)
}

// priceVersions lists what the prices were.
func (s *Server) priceVersions(c *gin.Context) {
	versions, err := s.o.Console.PriceVersions(c.Request.Context(), PrincipalFrom(c.Request.Context()), ListOf(c))
	if err != nil {
		s.failed(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"items": versions})
}

// finish answers for what has no answer of its own.
func (s *Server) finish(c *gin.Context, err error) {
	if err != nil {
		s.failed(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

// ListRates implements rest.StrictServerInterface.
func (o *operations) ListRates(ctx context.Context, r rest.ListRatesRequestObject) (rest.ListRatesResponseObject, error) {
	rates, all, err := o.c.Rates(ctx, PrincipalFrom(ctx), r.Id, r.Params.Prefix, or(r.Params.Limit, pageLimit))
	out := rest.ListRates200JSONResponse{All: all, Items: []rest.RateLine{}}
	for i := range rates {
		k := &rates[i]
		out.Items = append(out.Items, rest.RateLine{
			Prefix: k.Prefix.Digits(), Destination: k.Destination, PerMinute: k.PerMinute.String(), ConnectFee: k.ConnectFee.String(),
			Increment: k.Increment.String(), From: k.From, Until: k.Till,
		})
	}
	return out, err
}

// PriceCall implements rest.StrictServerInterface.
func (o *operations) PriceCall(ctx context.Context, r rest.PriceCallRequestObject) (rest.PriceCallResponseObject, error) {
	b := r.Body
	a, err := o.c.Price(ctx, PrincipalFrom(ctx), console.PriceQuestion{
		Tariff: b.Tariff, Deck: b.Deck, To: b.To, From: b.From, Length: time.Duration(b.Seconds) * time.Second, At: b.At,
	})
	out := rest.PriceCall200JSONResponse{
		Total: a.Charge.Total.String(), Currency: a.Charge.Currency.String(), Prefix: a.Charge.Prefix.Digits(), Destination: a.Charge.Destination,
		BilledSeconds: a.Charge.Billed, Steps: []string{},
	}
	for _, step := range a.Steps {
		out.Steps = append(out.Steps, step.Text)
	}
	return out, err
}
