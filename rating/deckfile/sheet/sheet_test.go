package sheet_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"trunkline/rating/deckfile/sheet"
)

// rows reads a file as lines of text.
func rows(t *testing.T, content []byte, form sheet.Form) []string {
	t.Helper()
	f, err := sheet.Open(bytes.NewReader(content))
	require.NoError(t, err)
	if f.Text() && form.Encoding == "" {
		form.Encoding, err = f.GuessEncoding()
		require.NoError(t, err)
	}
	var out []string
	require.NoError(t, f.Rows(form, func(r sheet.Row) error {
		text := fmt.Sprintf("%d %s", r.Line, strings.Join(r.Cells, "|"))
		if r.Problem != "" {
			text += " !" + r.Problem[:7]
		}
		out = append(out, text)
		return nil
	}))
	return out
}

func TestLinesEndInEveryWay(t *testing.T) {
	t.Parallel()
	want := []string{"1 a|b", "2 1|2", "3 3|4"}
	for _, end := range []string{"\n", "\r\n", "\r"} {
		require.Equal(t, want, rows(t, []byte("a,b"+end+"1,2"+end+"3,4"+end), sheet.Form{Width: 2}))
	}
	require.Equal(t, []string{"1 ", "2 a|b", "3 1|2"}, rows(t, []byte("sep=;\na;b\n1;2"), sheet.Form{Delimiter: ";"}))
}

func TestQuotes(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{`1 a|b "x" c`, "2 44|d"}, rows(t, []byte("a,\"b \"\"x\"\" c\"\n=\"44\",d\n"), sheet.Form{}))
	require.Equal(t, []string{"1 a|b|c", "2 7495\n7499|x|1"}, rows(t, []byte("a,b,c\n\"7495\n7499\",x,1\n"), sheet.Form{Width: 3}), "a cell may have lines of its own")
	require.Equal(t, []string{"1 a|b|c", "2 44|UK,0.01 !a quote", "3 33|FR|2", "4 34|Spain\"|4 !a quote"},
		rows(t, []byte("a,b,c\n44,\"UK,0.01\n33,FR,2\n34,Spain\",4\n"), sheet.Form{Width: 3}), "and may not swallow others")
}

func TestRowsOfAnotherWidth(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1 a|b|c", "2 1|2 !it has ", "3 1|2|3|", "4 1|2|3|4 !it has "}, rows(t, []byte("a,b,c\n1,2\n1,2,3,\n1,2,3,4\n"), sheet.Form{Width: 3}))
}

func TestTextInAnotherEncodingThanItsBeginning(t *testing.T) {
	t.Parallel()
	text := append([]byte("a,b\n"+strings.Repeat("x,y\n", 30_000)), 'C', 0xF4, 't', 'e', ',', '1', '\n')
	got := rows(t, text, sheet.Form{Width: 2})
	require.Contains(t, got[len(got)-1], "!it is n")
}

func workbook(t *testing.T, fill func(*excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	fill(book)
	var b bytes.Buffer
	require.NoError(t, book.Write(&b))
	return b.Bytes()
}

func TestSheetsOfASpreadsheet(t *testing.T) {
	t.Parallel()
	content := workbook(t, func(b *excelize.File) {
		for _, name := range []string{"Rates & more", "Hidden"} {
			_, err := b.NewSheet(name)
			require.NoError(t, err)
		}
		require.NoError(t, b.SetSheetVisible("Hidden", false))
		require.NoError(t, b.SetSheetRow("Rates & more", "B2", &[]any{"Côte <d'Ivoire>", 0.0125, true, 46357.5}))
		require.NoError(t, b.SetCellValue("Rates & more", "B4", "Moscow"))
		require.NoError(t, b.MergeCell("Rates & more", "B4", "B6"))
		require.NoError(t, b.SetCellValue("Rates & more", "C4", 7495))
		require.NoError(t, b.SetCellValue("Rates & more", "C5", 7499))
		require.NoError(t, b.SetCellValue("Rates & more", "C6", 7498))
	})
	f, err := sheet.Open(bytes.NewReader(content))
	require.NoError(t, err)
	require.Equal(t, []sheet.Sheet{{Name: "Sheet1"}, {Name: "Rates & more"}, {Name: "Hidden", Hidden: true}}, f.Sheets())
	require.Equal(t, []string{"2 |Côte <d'Ivoire>|0.0125|TRUE|46357.5", "4 |Moscow|7495", "5 |Moscow|7499", "6 |Moscow|7498"}, rows(t, content, sheet.Form{Sheet: "rates & MORE"}))
	require.ErrorContains(t, f.Rows(sheet.Form{Sheet: "Prices"}, nil), "it has Sheet1, Rates & more, Hidden")
}

func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestArchives(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"1 a|b"}, rows(t, archive(t, map[string]string{"x/list.csv": "a,b\n", "x/readme.pdf": "%PDF", "README.txt": "terms", "__MACOSX/list.csv": "?"}), sheet.Form{}))
	_, err := sheet.Open(bytes.NewReader(archive(t, map[string]string{"a.csv": "a,b", "b.csv": "c,d"})))
	require.ErrorContains(t, err, "2 lists")
	_, err = sheet.Open(bytes.NewReader(archive(t, map[string]string{"a.csv": string(archive(t, map[string]string{"b.csv": "a"}))})))
	require.ErrorContains(t, err, "within an archive")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err = io.WriteString(z, "a,b\n")
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.Equal(t, []string{"1 a|b"}, rows(t, b.Bytes(), sheet.Form{}))
}

func TestPages(t *testing.T) {
	t.Parallel()
	page := "\ufeff<html><body><table><tr><th>Code</th><th colspan=2>Rate &euro;</th></tr>\n<tr><td>44</td><td> 0.01<br>net </td><td></td></tr></table></body></html>"
	require.Equal(t, []string{"1 Code|Rate €|", "2 44|0.01 net|"}, rows(t, []byte(page), sheet.Form{}))
}

// TestForeignFiles refuses what is not read, and says what to do.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for what, content := range map[string]string{
		"Excel 97-2003": "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "PDF": "%PDF-1.7", "OpenDocument": string(archive(t, map[string]string{"content.xml": "<x/>"})),
		".xlsb": string(archive(t, map[string]string{"xl/workbook.bin": "x", "[Content_Types].xml": "<x/>"})),
	} {
		_, err := sheet.Open(strings.NewReader(content))
		require.ErrorIs(t, err, sheet.ErrFile, what)
		require.ErrorContains(t, err, what)
		require.ErrorContains(t, err, "save it as .xlsx")
	}
}

// bomb is a spreadsheet whose only sheet unpacks to so many bytes of one cell after another.
func bomb(t *testing.T, sheetXML io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	part := func(name string, in io.Reader) {
		w, err := z.Create(name)
		require.NoError(t, err)
		_, err = io.Copy(w, in)
		require.NoError(t, err)
	}
	part("[Content_Types].xml", strings.NewReader(`<Types/>`))
	part("xl/workbook.xml", strings.NewReader(`<workbook xmlns:r="r"><sheets><sheet name="S" r:id="rId1"/></sheets></workbook>`))
	part("xl/_rels/workbook.xml.rels", strings.NewReader(`<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>`))
	part("xl/worksheets/sheet1.xml", sheetXML)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// endless repeats a text up to so many bytes.
type endless struct {
	text string
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(e.text) <= len(p) {
		n += copy(p[n:], e.text)
	}
	e.left -= n
	return n, nil
}

// TestBombs are refused before they are unpacked, in little memory.
func TestBombs(t *testing.T) { //nolint:paralleltest // It measures memory.
	row := `<row><c><v>1</v></c></row>`
	big := bomb(t, io.MultiReader(strings.NewReader("<worksheet><sheetData>"), &endless{row, 96 << 20}))
	require.Less(t, len(big), 2<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := sheet.Open(bytes.NewReader(big))
	runtime.ReadMemStats(&after)
	require.ErrorContains(t, err, "that is no list")
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	for what, xml := range map[string]string{
		"32767 characters": "<worksheet><sheetData><row><c t=\"str\"><v>" + strings.Repeat("x", 1<<20) + "</v></c></row></sheetData></worksheet>",
		"500 columns":      "<worksheet><sheetData><row><c r=\"ZZZ1\"><v>1</v></c></row></sheetData></worksheet>",
		"declarations":     "<!DOCTYPE a [<!ENTITY x \"y\">]><worksheet/>",
		"none can be":      "<worksheet><sheetData><row><c r=\"XXXX1\"><v>1</v></c></row></sheetData></worksheet>",
	} {
		f, err := sheet.Open(bytes.NewReader(bomb(t, strings.NewReader(xml))))
		require.NoError(t, err)
		err = f.Rows(sheet.Form{}, func(sheet.Row) error { return nil })
		if what == "500 columns" || what == "none can be" {
			require.ErrorIs(t, err, sheet.ErrFile, what)
			continue
		}
		require.ErrorContains(t, err, what)
	}
	_, err = sheet.Open(strings.NewReader("PK\x03\x04broken"))
	require.ErrorIs(t, err, sheet.ErrFile)
	f, err := sheet.Open(strings.NewReader("a" + strings.Repeat(",", 1<<19)))
	require.NoError(t, err)
	require.NoError(t, f.Rows(sheet.Form{}, func(sheet.Row) error { return nil }), "empty cells are none")
	f, err = sheet.Open(strings.NewReader(strings.Repeat("1,", 1<<18)))
	require.NoError(t, err)
	require.ErrorContains(t, f.Rows(sheet.Form{}, func(sheet.Row) error { return nil }), "500 columns")
	f, err = sheet.Open(strings.NewReader(strings.Repeat("x", 2<<20)))
	require.NoError(t, err)
	require.ErrorContains(t, f.Rows(sheet.Form{}, func(sheet.Row) error { return nil }), "bytes")
}

func FuzzRows(f *testing.F) {
	f.Add([]byte("a,b\n1,2\n"))
	f.Add([]byte("\"a\n\",b\n"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("<table><tr><td>1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := sheet.Open(bytes.NewReader(data))
		if err != nil {
			require.ErrorIs(t, err, sheet.ErrFile)
			return
		}
		line := 0
		_ = file.Rows(sheet.Form{Width: 2}, func(r sheet.Row) error {
			require.Greater(t, r.Line, line)
			line = r.Line
			return nil
		})
	})
}

// TestEncodingOfAFileThatEndsInALetter has one letter of Latin 1, at the very end: it is not a character of UTF-8 that is cut.
func TestEncodingOfAFileThatEndsInALetter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"code;etat\n53;supprim\xe9\n": "windows-1252", "code;etat\n53;supprim\xe9": "windows-1252", "code;etat\n53;supprim\xc3\xa9\n": "utf-8"} {
		f, err := sheet.Open(strings.NewReader(text))
		require.NoError(t, err)
		got, err := f.GuessEncoding()
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
}
