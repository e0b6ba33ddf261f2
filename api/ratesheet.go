package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"trunkline/console"
	"trunkline/rating/deckfile/ratesheet"
)

// spreadsheetType is the media type of XLSX.
const spreadsheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// rateSheet sends the prices of a deck or a tariff in the layout that somebody wants.
func (s *Server) rateSheet(c *gin.Context) {
	ctx := c.Request.Context()
	sheet, err := SheetSaid(c.Request.URL.Query())
	var out bytes.Buffer
	if err == nil {
		err = s.o.Console.RateSheet(ctx, PrincipalFrom(ctx), ListOf(c), sheet, &out)
	}
	if err != nil {
		s.failed(c, err)
		return
	}
	SendSheet(c, &sheet, c.Param("id"), out.Bytes())
}

// SendSheet answers with a rate sheet as a file.
func SendSheet(c *gin.Context, sheet *console.SheetOrder, id string, content []byte) {
	kind, ending := "text/csv; charset=utf-8", ".csv"
	if sheet.Layout.Format == ratesheet.XLSX {
		kind, ending = spreadsheetType, ".xlsx"
	}
	c.Header("Content-Disposition", "attachment; filename="+strconv.Quote(id+ending))
	c.Data(http.StatusOK, kind, content)
}

// SheetSaid reads which rate sheet somebody wants. Errors are ErrInvalid.
func SheetSaid(q url.Values) (console.SheetOrder, error) {
	out := console.SheetOrder{Whole: said(q, "whole"), Layout: ratesheet.Layout{
		Format: ratesheet.Format(q.Get("format")), Delimiter: q.Get("delimiter"), Decimal: q.Get("decimal"), Dates: q.Get("dates"), Grouped: said(q, "grouped"),
	}}
	err := errors.Join(parseTime(q, "at", &out.At), parseTime(q, "since", &out.Since))
	if zone := q.Get("zone"); zone != "" {
		var bad error
		out.Layout.Zone, bad = time.LoadLocation(zone)
		err = errors.Join(err, bad)
	}
	if text := q.Get("revision"); text != "" {
		var bad error
		out.Revision, bad = strconv.ParseInt(text, 10, 64)
		err = errors.Join(err, bad)
	}
	if text := q.Get("columns"); text != "" {
		var bad error
		out.Layout.Columns, bad = ratesheet.ParseColumns(text)
		err = errors.Join(err, bad)
	}
	if err = errors.Join(err, out.Layout.Validate()); err != nil {
		return out, fmt.Errorf("%w: %w", console.ErrInvalid, err)
	}
	return out, nil
}

// parseTime reads a moment, or a day or a moment as forms of pages write them.
func parseTime(q url.Values, name string, at *time.Time) error {
	text := q.Get(name)
	if text == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			*at = t.UTC()
			return nil
		}
	}
	return fmt.Errorf("%s %q: want a moment such as 2026-11-02T10:00:00Z", name, text)
}
