package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusanscondensed"
	"github.com/go-fonts/dejavu/dejavusanscondensedbold"
)

// ErrLogo is returned, wrapped, for a logo that is no PNG or JPEG.
var ErrLogo = errors.New("bad logo")

const (
	font      = "dejavu"
	margin    = 15.0 // Millimetres.
	lineSize  = 4.4
	cellPad   = 1.2
	bodySize  = 8.5
	smallSize = 7.0
	logoSize  = 16.0
)

// Style is how a document looks.
type Style struct {
	Title     string
	Footer    string // On every page, before its number.
	Page      string // The word before the number of a page.
	Colour    string // "#1a4d8f", of heads and lines.
	Logo      []byte // PNG or JPEG; empty: none.
	Landscape bool
	Created   time.Time // Written into the file, so that the same document makes the same file.
}

// Writer writes one document. It is not safe for concurrent use; errors are told by Write.
type Writer struct {
	f       *fpdf.Fpdf
	style   Style
	r, g, b int
}

// New begins a document on its first page.
func New(s Style) (*Writer, error) {
	orientation := "P"
	if s.Landscape {
		orientation = "L"
	}
	w := &Writer{f: fpdf.New(orientation, "mm", "A4", ""), style: s}
	w.r, w.g, w.b = colour(s.Colour)
	w.f.AddUTF8FontFromBytes(font, "", dejavusanscondensed.TTF)
	w.f.AddUTF8FontFromBytes(font, "B", dejavusanscondensedbold.TTF)
	w.f.SetMargins(margin, margin, margin)
	w.f.SetAutoPageBreak(false, margin)
	w.f.SetTitle(s.Title, true)
	w.f.SetCreationDate(s.Created)
	w.f.SetModificationDate(s.Created)
	w.f.SetCatalogSort(true)
	w.f.AliasNbPages("{pages}")
	w.f.SetFooterFunc(w.footer)
	w.f.AddPage()
	return w, w.logo()
}

func colour(hex string) (r, g, b int) {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		return 31, 58, 95
	}
	return int(n >> 16 & 255), int(n >> 8 & 255), int(n & 255)
}

func (w *Writer) footer() {
	_, height := w.f.GetPageSize()
	w.f.SetY(height - margin + 3)
	w.f.SetFont(font, "", smallSize)
	w.f.SetTextColor(110, 110, 110)
	left, _, right, _ := w.f.GetMargins()
	width, _ := w.f.GetPageSize()
	w.f.CellFormat(width-left-right-40, 4, w.style.Footer, "", 0, "L", false, 0, "")
	w.f.CellFormat(40, 4, fmt.Sprintf("%s %d / {pages}", w.style.Page, w.f.PageNo()), "", 0, "R", false, 0, "")
	w.f.SetTextColor(0, 0, 0)
}

// logo puts the logo into the upper right corner.
func (w *Writer) logo() error {
	if len(w.style.Logo) == 0 {
		return nil
	}
	var kind string
	switch http.DetectContentType(w.style.Logo) {
	case "image/png":
		kind = "PNG"
	case "image/jpeg":
		kind = "JPG"
	default:
		return fmt.Errorf("%w: want PNG or JPEG", ErrLogo)
	}
	info := w.f.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: kind}, bytes.NewReader(w.style.Logo))
	if info == nil || w.f.Err() {
		return fmt.Errorf("%w: %w", ErrLogo, w.f.Error())
	}
	page, _ := w.f.GetPageSize()
	width := min(60, logoSize*info.Width()/info.Height())
	w.f.ImageOptions("logo", page-margin-width, margin-4, width, 0, false, fpdf.ImageOptions{ImageType: kind}, 0, "")
	return nil
}

// Heading writes a title.
func (w *Writer) Heading(text string) {
	w.need(14)
	w.f.SetFont(font, "B", 15)
	w.f.SetTextColor(w.r, w.g, w.b)
	w.f.CellFormat(0, 9, text, "", 1, "L", false, 0, "")
	w.f.SetTextColor(0, 0, 0)
}

// Subheading writes a smaller title.
func (w *Writer) Subheading(text string) {
	w.need(20)
	w.f.Ln(3)
	w.f.SetFont(font, "B", 10.5)
	w.f.SetTextColor(w.r, w.g, w.b)
	w.f.CellFormat(0, 6, text, "", 1, "L", false, 0, "")
	w.f.SetTextColor(0, 0, 0)
}

// Text writes a paragraph.
func (w *Writer) Text(text string) {
	w.f.SetFont(font, "", bodySize)
	for _, line := range w.f.SplitText(text, w.width()) {
		w.need(lineSize)
		w.f.CellFormat(0, lineSize, line, "", 1, "L", false, 0, "")
	}
}

// Space leaves some millimetres free.
func (w *Writer) Space(millimetres float64) { w.f.Ln(millimetres) }

// Sides writes two blocks of lines beside each other; the first line of each is its head.
func (w *Writer) Sides(left, right []string) {
	half := w.width() / 2
	for i := range max(len(left), len(right)) {
		w.need(lineSize)
		for side, lines := range [][]string{left, right} {
			text, style := "", ""
			if i < len(lines) {
				text = lines[i]
			}
			if i == 0 {
				style = "B"
			}
			w.f.SetFont(font, style, bodySize)
			w.f.SetX(margin + float64(side)*half)
			w.f.CellFormat(half, lineSize, w.fit(text, half-2), "", 0, "L", false, 0, "")
		}
		w.f.Ln(lineSize)
	}
}

// fit cuts text that is wider than its place.
func (w *Writer) fit(text string, width float64) string {
	if w.f.GetStringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 1 && w.f.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

func (w *Writer) width() float64 {
	page, _ := w.f.GetPageSize()
	return page - 2*margin
}

// Turn begins a new page, lying or upright.
func (w *Writer) Turn(landscape bool) {
	orientation := "P"
	if landscape {
		orientation = "L"
	}
	w.f.AddPageFormat(orientation, fpdf.SizeType{Wd: 210, Ht: 297})
}

// need begins a new page when there is less room than that.
func (w *Writer) need(height float64) bool {
	_, page := w.f.GetPageSize()
	if w.f.GetY()+height <= page-margin {
		return false
	}
	w.f.AddPage()
	return true
}

// Write ends the document and writes it.
func (w *Writer) Write(out io.Writer) error {
	if err := w.f.Output(out); err != nil {
		return fmt.Errorf("write PDF: %w", err)
	}
	return nil
}
