package smdr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// mine is a description with a layout and fields, and forms for start and duration.
func mine(layout, fields string) string {
	return "name: mine\nlayout: " + layout + "\nfields: " + fields + "\nforms: {start: \"YYYY-MM-DDTHH:mm:ss\", duration: hms}\n"
}

func TestLayoutsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ layout, fields, want string }{
		{"{kind: words}", `{start: 1, duration: "@"}`, "are no words"},
		{`{kind: words, anchor: "99:99"}`, `{start: 0, duration: "@"}`, "are no words"},
		{`{kind: words, anchor: "99:99"}`, `{start: 1, duration: "@x"}`, "are no words"},
		{`{kind: words, anchor: "99:99"}`, `{start: 1, duration: 5-3}`, "are no words"},
		{"{kind: words}", `{begin: 1}`, "no field"},
		{"{kind: block}", `{start: "FROM"}`, "is no label"},
		{"{kind: block}", `{start: "FROM@-2"}`, "no place of a word"},
		{"{kind: block}", `{begin: "FROM@"}`, "no field"},
		{"{kind: xml}", `{start: a.b}`, "layout.record is empty"},
		{"{kind: xml, record: cdr}", `{begin: a.b}`, "no field"},
		{"{kind: fixed, lines: 5}", `{start: 1-19, duration: 21-28}`, "at most 4 lines"},
		{"{kind: block, lines: 65}", `{start: "A@1", duration: "B@1"}`, "or 64"},
	} {
		_, err := smdr.Read(strings.NewReader(mine(c.layout, c.fields)))
		require.ErrorContains(t, err, c.want, c)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	f, err := smdr.Read(strings.NewReader(mine(`{kind: words, anchor: "99:99:99", columns: [3, 9]}`,
		`{start: 1, from: 2-, to: "@1-2", duration: "@", account: "@3-", trunk: "@-1"}`)))
	require.NoError(t, err)
	long := strings.Repeat(" x", 70)
	got := run(t, f, smdr.Options{}, []byte("2026-11-20T10:00:00  101 a  00:01:00\t79161234567 b  77  88 \n"+
		"2026-11-20T10:00:00 101 00:01:00\n2026-11-20T10:00:00 101 102\n2026-11-20T10:00:00 101\n"+long+"\n"), 3)
	require.Contains(t, got, `talk 1m0s "101 a" > "79161234567 b" ext=101 a trunk=a account=77  88`)
	require.Contains(t, got, `2: 2026-11-20T10:00:00Z ? ring 0s talk 1m0s "101" > "" ext=101 trunk=101`)
	require.Contains(t, got, "3: FAULT nothing of the shape 99:99:99 is in it")
	require.Contains(t, got, "4: FAULT 2 words; the format has 3 to 9")
	require.Contains(t, got, "5: FAULT 64 words; the format has 3 to 9")
}

// A block ends with the line that says so, with its greatest number of lines, or with the next one.
func TestBlocks(t *testing.T) {
	t.Parallel()
	f, err := smdr.Read(strings.NewReader(mine(`{kind: block, lines: 4, begins: ["CALL *"], ends: ["END*"], short: true}`,
		`{start: "CALL @1", from: "BY @1", to: "TO @", duration: "TALK @1"}`)))
	require.NoError(t, err)
	got := run(t, f, smdr.Options{}, []byte("CALL 2026-11-20T10:00:00\nBY 101\nTO 79161234567\nTALK 00:01:00\nnoise\n"+
		"CALL 2026-11-20T10:02:00 BY 102\nEND TALK 00:00:30\nCALL 2026-11-20T10:03:00\nCALL 2026-11-20T10:04:00\nBY 103\n"), 5)
	require.Contains(t, got, `1: 2026-11-20T10:00:00Z ? ring 0s talk 1m0s "101" > "79161234567" ext=101`)
	require.Contains(t, got, "5: FAULT nothing that the format knows is in it")
	require.Contains(t, got, `6: 2026-11-20T10:02:00Z ? ring 0s talk 30s "102" > ""`)
	require.Contains(t, got, "8: FAULT nothing that the format knows is in it")
	require.Contains(t, got, `9: 2026-11-20T10:04:00Z ? unanswered ring 0s talk 0s "103" > ""`)
}

// An XML record may stand in others, on one line with them, or have what is no correct XML.
func TestXMLRecords(t *testing.T) {
	t.Parallel()
	f, err := smdr.Read(strings.NewReader(mine("{kind: xml, record: c}", `{start: at, from: who.a, to: who.b|whom, duration: t}`)))
	require.NoError(t, err)
	one := "<c id='1'><at>2026-11-20T10:00:00</at><t>00:01:00</t><who><a>Anna &amp; 101</a></who><whom>%2B7495</whom><whom>later</whom></c>"
	got := run(t, f, smdr.Options{}, []byte("<?xml version='1.0'?>\n<all><!-- <cc> -->"+one+"<cdr/>"+one+"</all>\n<c>"+strings.Repeat("<d>", 70)+"</c>\n<c><at>1</at>\n"), 7)
	require.Contains(t, got, `talk 1m0s "Anna & 101" > "+7495"`)
	require.Contains(t, got, "again=1")
	require.Contains(t, got, "FAULT it is no correct XML: too many elements in one another")
	require.Contains(t, got, "FAULT the record does not end")
}

// The clock of 12 hours that marks the afternoon alone, and durations in hundredths of a second.
func TestAfternoonsAndTicks(t *testing.T) {
	t.Parallel()
	f, err := smdr.Read(strings.NewReader("name: mine\nlayout: {kind: delimited, separator: \";\"}\nfields: {start: 1, duration: 2, total: 3, from: 4, to: 5}\n" +
		"forms: {start: \"YYYY-MM-DD HH:mmPM\", duration: ticks, total: seconds}\n"))
	require.NoError(t, err)
	got := run(t, f, smdr.Options{}, []byte("2026-11-20 11:42p;6050;70;101;102\n2026-11-20 11:42;6000;70;101;102\n2026-11-20 15:42;0;30;101;102\n2026-11-20 15:42p;0;30;101;102\n"), 9)
	require.Contains(t, got, `1: 2026-11-20T23:42:00Z ? ring 9.5s talk 1m0.5s`)
	require.Contains(t, got, `2: 2026-11-20T11:42:00Z ? ring 10s talk 1m0s`)
	require.Contains(t, got, `3: 2026-11-20T15:42:00Z ? unanswered ring 30s talk 0s`)
	require.Contains(t, got, "4: FAULT")
}
