package pdf

import "strings"

// Column is one column of a table.
type Column struct {
	Head  string
	Width float64 // Its part of the whole width, in any unit.
	Right bool    // Numbers stand on the right.
}

// Table writes rows below each other with a head that is repeated on every page. A row stays on one page.
type Table struct {
	w       *Writer
	columns []Column
	widths  []float64
	shade   bool
	small   bool
}

// Table begins a table.
func (w *Writer) Table(columns []Column) *Table { return w.table(columns, false) }

// SmallTable begins a table in small letters, for many rows or columns.
func (w *Writer) SmallTable(columns []Column) *Table { return w.table(columns, true) }

// FitTable begins a table in small letters whose columns are as wide as what will stand in them: numbers and words are not
// broken as long as the page is wide enough.
func (w *Writer) FitTable(columns []Column, rows [][]string) *Table {
	fitted := make([]Column, len(columns))
	copy(fitted, columns)
	for i := range fitted {
		w.f.SetFont(font, "B", smallSize)
		fitted[i].Width = w.longestWord(fitted[i].Head)
		for _, cells := range rows {
			fitted[i].Width = max(fitted[i].Width, w.f.GetStringWidth(cells[i]))
		}
		fitted[i].Width += 2*cellPad + 1
	}
	return w.table(fitted, true)
}

func (w *Writer) longestWord(text string) float64 {
	var longest float64
	for word := range strings.FieldsSeq(text) {
		longest = max(longest, w.f.GetStringWidth(word))
	}
	return longest
}

func (w *Writer) table(columns []Column, small bool) *Table {
	t := &Table{w: w, columns: columns, small: small}
	var all float64
	for _, c := range columns {
		all += c.Width
	}
	for _, c := range columns {
		t.widths = append(t.widths, c.Width/all*w.width())
	}
	t.head()
	return t
}

func (t *Table) size() float64 {
	if t.small {
		return smallSize
	}
	return bodySize
}

func (t *Table) lineHeight() float64 {
	if t.small {
		return lineSize - 0.9
	}
	return lineSize
}

func (t *Table) head() {
	cells, named := make([]string, len(t.columns)), false
	for i, c := range t.columns {
		cells[i] = c.Head
		named = named || c.Head != ""
	}
	if !named {
		return
	}
	t.w.f.SetFont(font, "B", t.size())
	lines, height := t.layout(cells)
	t.w.need(height + 3*t.lineHeight())
	t.w.f.SetFont(font, "B", t.size())
	t.w.f.SetFillColor(t.w.r, t.w.g, t.w.b)
	t.w.f.SetTextColor(255, 255, 255)
	t.draw(lines, height, true)
	t.w.f.SetTextColor(0, 0, 0)
	t.shade = false
}

// layout breaks the cells into lines and finds the height of the row.
func (t *Table) layout(cells []string) (lines [][]string, height float64) {
	most := 1
	for i, cell := range cells {
		broken := t.w.f.SplitText(cell, t.widths[i]-2*cellPad)
		lines = append(lines, broken)
		most = max(most, len(broken))
	}
	return lines, float64(most)*t.lineHeight() + 1.6
}

func (t *Table) draw(lines [][]string, height float64, fill bool) {
	f := t.w.f
	x, y := margin, f.GetY()
	for i, cell := range lines {
		f.SetXY(x, y)
		f.CellFormat(t.widths[i], height, "", "", 0, "L", fill, 0, "")
		align := "L"
		if t.columns[i].Right {
			align = "R"
		}
		for n, line := range cell {
			f.SetXY(x+cellPad-1, y+0.8+float64(n)*t.lineHeight())
			f.CellFormat(t.widths[i]-2*cellPad+2, t.lineHeight(), line, "", 0, align, false, 0, "")
		}
		x += t.widths[i]
	}
	f.SetXY(margin, y+height)
}

// Row writes a row.
func (t *Table) Row(cells ...string) { t.row(cells, "") }

// Total writes a row in bold below a line.
func (t *Table) Total(cells ...string) {
	t.w.f.SetDrawColor(t.w.r, t.w.g, t.w.b)
	t.shade = false
	t.row(cells, "B")
}

func (t *Table) row(cells []string, style string) {
	f := t.w.f
	f.SetFont(font, style, t.size())
	lines, height := t.layout(cells)
	if t.w.need(height) {
		t.head()
		f.SetFont(font, style, t.size())
	}
	if style != "" {
		f.Line(margin, f.GetY(), margin+t.w.width(), f.GetY())
	}
	f.SetFillColor(243, 245, 248)
	t.draw(lines, height, t.shade)
	t.shade = !t.shade
}
