package centralbank

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"
)

func readXML(text []byte) (Sheet, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "windows-1251") {
			return charmap.Windows1251.NewDecoder().Reader(in), nil
		}
		return nil, fmt.Errorf("%w: encoding %q", ErrFormat, charset)
	}
	for {
		token, err := d.Token()
		if err != nil {
			return Sheet{}, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "Envelope":
			return readECB(d, &start)
		case "ValCurs":
			return readCBR(d, &start)
		}
		return Sheet{}, fmt.Errorf("%w: a document of %q", ErrFormat, start.Name.Local)
	}
}

// ecbDay is a day of https://www.ecb.europa.eu/stats/eurofxref/: a cube of cubes.
type ecbDay struct {
	Time  string `xml:"time,attr"`
	Rates []struct {
		Currency string `xml:"currency,attr"`
		Rate     string `xml:"rate,attr"`
	} `xml:"Cube"`
}

func readECB(d *xml.Decoder, start *xml.StartElement) (Sheet, error) {
	var doc struct {
		Days []ecbDay `xml:"Cube>Cube"`
	}
	if err := d.DecodeElement(&doc, start); err != nil {
		return Sheet{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	s := Sheet{Source: ECB}
	for _, day := range doc.Days {
		for _, c := range day.Rates {
			r, err := rate("EUR", c.Currency, c.Rate, day.Time, time.DateOnly)
			if err != nil {
				return s, err
			}
			s.Rates = append(s.Rates, r)
		}
	}
	return s, nil
}

// readCBR reads https://www.cbr.ru/scripts/XML_daily.asp. Its day is the one from which the rates hold.
func readCBR(d *xml.Decoder, start *xml.StartElement) (Sheet, error) {
	var doc struct {
		Day   string `xml:"Date,attr"`
		Rates []struct {
			Code    string `xml:"CharCode"`
			Nominal string `xml:"Nominal"` // So many units.
			Value   string `xml:"Value"`   // Roubles for them.
		} `xml:"Valute"`
	}
	if err := d.DecodeElement(&doc, start); err != nil {
		return Sheet{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	s := Sheet{Source: CBR}
	for _, c := range doc.Rates {
		r, err := rate(c.Code, "RUB", c.Value, doc.Day, "02.01.2006")
		if err != nil {
			return s, err
		}
		units, err := decimal.NewFromString(strings.TrimSpace(c.Nominal))
		if err != nil || !units.IsPositive() {
			return s, fmt.Errorf("%w: %s: for %q units", ErrFormat, c.Code, c.Nominal)
		}
		const digits = 18 // Units are powers of ten, so nothing is rounded.
		r.Rate = r.Rate.DivRound(units, digits)
		s.Rates = append(s.Rates, r)
	}
	return s, nil
}
