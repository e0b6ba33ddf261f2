package centralbank

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"trunkline/internal/money"
)

// readCSV reads a table of the European Central Bank, or a list of one's own.
func readCSV(text []byte) (Sheet, error) {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	head, err := reader.Read()
	if err != nil {
		return Sheet{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	for i := range head {
		head[i] = strings.TrimSpace(head[i])
	}
	line := readOwn
	s := Sheet{Source: Own}
	switch {
	case head[0] == "Date":
		line, s.Source = readECBLine, ECB
	case !slices.Equal(head, []string{"from", "to", "rate", "day"}):
		return s, fmt.Errorf("%w: line 1: want the heading from,to,rate,day, or a table of the European Central Bank", ErrFormat)
	}
	for n := 2; ; n++ {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		var rates []money.ExchangeRate
		if err == nil {
			rates, err = line(head, cells)
		}
		if err != nil {
			return s, fmt.Errorf("line %d: %w", n, errors.Join(ErrFormat, err))
		}
		s.Rates = append(s.Rates, rates...)
	}
}

func readOwn(head, cells []string) ([]money.ExchangeRate, error) {
	if len(cells) != len(head) {
		return nil, fmt.Errorf("%d columns: want from,to,rate,day", len(cells))
	}
	r, err := rate(cells[0], cells[1], cells[2], cells[3], time.DateOnly)
	return []money.ExchangeRate{r}, err
}

// readECBLine reads a day of eurofxref.csv ("28 June 2024") or of eurofxref-hist.csv ("2024-06-28"). What has no rate is N/A or empty.
func readECBLine(head, cells []string) ([]money.ExchangeRate, error) {
	layout := time.DateOnly
	if strings.Contains(cells[0], " ") {
		layout = "2 January 2006"
	}
	var out []money.ExchangeRate
	for i := 1; i < len(cells) && i < len(head); i++ {
		value := strings.TrimSpace(cells[i])
		if value == "" || value == "N/A" || head[i] == "" {
			continue
		}
		r, err := rate("EUR", head[i], value, cells[0], layout)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// readZip reads the one file of a zip, as the European Central Bank packs its tables.
func readZip(data []byte) (Sheet, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) != 1 {
		return Sheet{}, errors.Join(fmt.Errorf("%w: a zip of something else than one file", ErrFormat), err)
	}
	f, err := z.File[0].Open()
	if err != nil {
		return Sheet{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil || bytes.HasPrefix(text, []byte("PK")) {
		return Sheet{}, errors.Join(fmt.Errorf("%w: the file in the zip cannot be read", ErrFormat), err)
	}
	return Read(text)
}
