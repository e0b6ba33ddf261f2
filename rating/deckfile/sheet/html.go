package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Limits of a table of HTML, which is kept in memory.
const (
	maxHTML     = 64 << 20
	maxHTMLRows = 300_000
)

// isHTML reports whether a file is a page: switches write tables of HTML and call them .xls.
func isHTML(head []byte) bool {
	start := strings.ToLower(string(bytes.TrimLeft(head[:min(len(head), 512)], "\xef\xbb\xbf \t\r\n")))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html") || strings.HasPrefix(start, "<table") || strings.HasPrefix(start, "<meta")
}

// openHTML reads all tables of a page, one below the other.
func openHTML(source *io.SectionReader, name string) (*File, error) {
	if source.Size() > maxHTML {
		return nil, fmt.Errorf("%w: a page of more than %d MiB", ErrFile, maxHTML>>20)
	}
	text, err := charset.NewReader(io.NewSectionReader(source, 0, source.Size()), "text/html")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	p := pageReader{tokens: html.NewTokenizer(text)}
	if err := p.run(); err != nil {
		return nil, err
	}
	if len(p.rows) == 0 {
		return nil, fmt.Errorf("%w: the page has no table: save the list as .xlsx or as CSV, and send that", ErrFile)
	}
	return &File{source: source, table: p.rows, name: name}, nil
}

type pageReader struct {
	tokens *html.Tokenizer
	rows   [][]string
	row    []string
	cell   *strings.Builder // Nil: outside of any.
	span   int
	inRow  bool
}

func (p *pageReader) run() error {
	p.tokens.SetMaxBuf(maxLine)
	for {
		switch p.tokens.Next() {
		case html.ErrorToken:
			p.endRow()
			if err := p.tokens.Err(); !errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: %w", ErrFile, err)
			}
			return nil
		case html.TextToken:
			if p.cell != nil {
				p.cell.Write(p.tokens.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if err := p.start(); err != nil {
				return err
			}
		case html.EndTagToken:
			p.end()
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func (p *pageReader) start() error {
	name, attrs := p.tokens.TagName()
	switch string(name) {
	case "tr":
		p.endRow()
		p.inRow = true
	case "td", "th":
		p.endCell()
		p.cell, p.span = &strings.Builder{}, 1
		for attrs {
			var key, value []byte
			key, value, attrs = p.tokens.TagAttr()
			if n, err := strconv.Atoi(string(value)); string(key) == "colspan" && err == nil && n > 1 {
				p.span = n
			}
		}
		if len(p.row)+p.span > MaxColumns {
			return fmt.Errorf("%w: row %d has more than %d columns", ErrFile, len(p.rows)+1, MaxColumns)
		}
	case "br":
		if p.cell != nil {
			p.cell.WriteByte(' ')
		}
	}
	if len(p.rows) > maxHTMLRows {
		return fmt.Errorf("%w: a page with more than %d rows: save the list as .xlsx or as CSV", ErrFile, maxHTMLRows)
	}
	return nil
}

func (p *pageReader) end() {
	switch name, _ := p.tokens.TagName(); string(name) {
	case "td", "th":
		p.endCell()
	case "tr", "table":
		p.endRow()
	}
}

func (p *pageReader) endCell() {
	if p.cell == nil {
		return
	}
	p.row = append(p.row, strings.Join(strings.Fields(html.UnescapeString(p.cell.String())), " "))
	for range p.span - 1 {
		p.row = append(p.row, "")
	}
	p.cell = nil
}

func (p *pageReader) endRow() {
	p.endCell()
	if p.inRow && len(p.row) > 0 {
		p.rows = append(p.rows, p.row)
	}
	p.row, p.inRow = nil, false
}
