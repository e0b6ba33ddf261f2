package smdr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
)

// part is one record of a call.
type part struct {
	from, to    string
	start, talk int // Seconds.
}

func (p part) leaves() bool { return len(p.to) > 4 }

// paid is what the parties outside that were called must come to, however the records are ordered.
func paid(parts []part, whole bool) time.Duration {
	called := make(map[string]int)
	for _, p := range parts {
		if at, ok := called[p.to]; p.leaves() && (!ok || p.start < at) {
			called[p.to] = p.start
		}
	}
	total := 0
	for party, since := range called {
		sum, first, last := 0, -1, 0
		for _, p := range parts {
			if p.to != party && (p.from != party || p.start < since) {
				continue
			}
			sum += p.talk
			last = max(last, p.start+p.talk)
			if p.talk > 0 && (first < 0 || p.start < first) {
				first = p.start
			}
		}
		switch {
		case first < 0:
		case whole:
			total += last - first
		default:
			total += sum
		}
	}
	return time.Duration(total) * time.Second
}

func joining(t require.TestingT, whole bool) *smdr.Format {
	f, err := smdr.Read(strings.NewReader(fmt.Sprintf(`name: mine
layout: {kind: delimited, separator: ";"}
fields: {start: 1, duration: 2, from: 3, to: 4, call: 5}
forms: {start: EPOCH, duration: seconds}
longest_extension: 4
join: {by: [call], outside: own_part, whole: %t}
`, whole)))
	require.NoError(t, err)
	return f
}

// outgoing reads rows and returns what goes to the outside, and how long that is.
func outgoing(t require.TestingT, f *smdr.Format, rows []string) (made []string, sum time.Duration) {
	var k kept
	r, err := smdr.NewReader(f, smdr.Options{}, &k)
	require.NoError(t, err)
	require.NoError(t, r.ReadAll(strings.NewReader(strings.Join(rows, ""))))
	for i := range k.calls {
		if c := &k.calls[i]; c.Direction == calls.Outbound || c.Direction == calls.Forwarded {
			sum += c.Duration
			made = append(made, fmt.Sprint(c.Start.Unix(), c.To, c.Duration))
		}
	}
	require.Equal(t, int64(len(rows)), r.Summary().Calls+r.Summary().Joined)
	slices.Sort(made)
	return made, sum
}

// Every stretch that somebody pays for is charged once: none is free because another record came first, and none counts twice.
func TestPaidStretchesAddUp(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{false, true} {
		f := joining(t, whole)
		rapid.Check(t, func(t *rapid.T) {
			anyone := rapid.SampledFrom([]string{"101", "102", "103", "493010001", "493020002", "493030003", "79160004"})
			parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) part {
				p := part{anyone.Draw(t, "from"), "", rapid.IntRange(0, 300).Draw(t, "start"), rapid.IntRange(0, 90).Draw(t, "talk")}
				p.to = anyone.Filter(func(s string) bool { return s != p.from }).Draw(t, "to")
				return p
			}), 1, 12).Draw(t, "parts")
			rows := make([]string, 0, len(parts))
			for i, p := range parts {
				rows = append(rows, fmt.Sprintf("%d;%d;%s;%s;call;%d\n", 1795100000+p.start, p.talk, p.from, p.to, i))
			}
			calls, sum := outgoing(t, f, rows)
			require.Equal(t, paid(parts, whole), sum)
			again, _ := outgoing(t, f, rapid.Permutation(rows).Draw(t, "order"))
			require.Equal(t, calls, again)
		})
	}
}

// On a line whose records are marked, what goes out is paid as long as its records say, whatever came in between and
// whichever of them are marked.
func TestMarkedStretchesAddUp(t *testing.T) {
	t.Parallel()
	f, err := smdr.Read(strings.NewReader(`name: mine
layout: {kind: delimited, separator: ";"}
fields: {start: 1, duration: 2, extension: 3, number: 4, direction: 5, mark: 6, trunk: 7}
forms: {start: EPOCH, duration: seconds}
rules:
  - {when: {mark: TR}, then: {open: true, follows: true}}
join: {by: [trunk], marked: true, within: 61s}
`))
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		now, paid := 1795100000, make(map[string]int)
		rows := make([]string, rapid.IntRange(1, 12).Draw(t, "records"))
		for i := range rows {
			talk := rapid.IntRange(0, 200).Draw(t, "talk")
			way := rapid.SampledFrom([]string{"outbound", "inbound"}).Draw(t, "way")
			number := rapid.SampledFrom([]string{"49301", "49302"}).Draw(t, "number")
			if way == "inbound" {
				number = rapid.SampledFrom([]string{"79161", "79162"}).Draw(t, "caller")
			} else {
				paid[number] += talk
			}
			rows[i] = fmt.Sprintf("%d;%d;%d;%s;%s;%s;1\n", now, talk, 101+i, number, way, rapid.SampledFrom([]string{"TR", ""}).Draw(t, "mark"))
			now += talk + rapid.IntRange(0, 90).Draw(t, "gap")
		}
		var k kept
		r, err := smdr.NewReader(f, smdr.Options{}, &k)
		require.NoError(t, err)
		require.NoError(t, r.ReadAll(strings.NewReader(strings.Join(rows, ""))))
		charged := make(map[string]int)
		for i := range k.calls {
			if c := &k.calls[i]; c.Direction == calls.Outbound {
				charged[c.To] += int(c.Duration / time.Second)
			}
		}
		require.Equal(t, paid, charged)
	})
}

// A second leg is paid where it takes out of the house what its first leg did not, and never beside its first leg.
func TestSecondLegsAddUp(t *testing.T) {
	t.Parallel()
	f, err := smdr.BuiltIn("freeswitch-json")
	require.NoError(t, err)
	leg := func(id, from, to string, start, talk int) string {
		return fmt.Sprintf(`{"variables": {"direction": "outbound", "uuid": %q, "call_uuid": "A", "start_epoch": "%d", "answer_epoch": "%d", "end_epoch": "%d", "billsec": "%d"}, `+
			`"callflow": [{"caller_profile": {"caller_id_number": %q, "destination_number": %q}}]}`+"\n", id, start, start, start+talk, talk, from, to)
	}
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.SampledFrom([]part{{from: "101", to: "89161234567"}, {from: "79031234567", to: "101"}, {from: "101", to: "102"}}).Draw(t, "first")
		first.talk = rapid.IntRange(1, 90).Draw(t, "talk")
		rows, paid := []string{leg("A", first.from, first.to, 1795100000, first.talk)}, 0
		if first.leaves() {
			paid = first.talk
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "seconds") {
			to, talk := rapid.SampledFrom([]string{"79161234567", "103"}).Draw(t, "to"), rapid.IntRange(1, 30).Draw(t, "part")
			if !first.leaves() && to != "103" {
				paid += talk
			}
			rows = append(rows, leg(fmt.Sprint("B", i), first.from, to, 1795100000+rapid.IntRange(0, 9).Draw(t, "later"), talk))
		}
		_, sum := outgoing(t, f, rapid.Permutation(rows).Draw(t, "order"))
		require.Equal(t, time.Duration(paid)*time.Second, sum)
	})
}

// Second legs whose first leg was not read are no calls that anybody pays for: they stay marked.
func TestSecondLegsAlone(t *testing.T) {
	t.Parallel()
	row := `{"variables": {"direction": "outbound", "uuid": "%s", "call_uuid": "A", "start_epoch": "1795100000", "answer_epoch": "1795100000", "end_epoch": "1795100060", "billsec": "60"}, ` +
		`"callflow": [{"caller_profile": {"caller_id_number": "101", "destination_number": "79161234567"}}]}` + "\n"
	k, sum := read(t, "freeswitch-json", smdr.Options{}, []byte(fmt.Sprintf(row, "B1")+fmt.Sprintf(row, "B2")), 1000)
	require.Len(t, k.calls, 1)
	require.True(t, k.calls[0].Second)
	require.EqualValues(t, 1, sum.Joined)
}

func TestJoinsAreChecked(t *testing.T) {
	t.Parallel()
	for _, join := range []string{
		"{by: [call], outside: nowhere}", "{by: [call], answerer: nobody}", "{by: [call], legs: [hand]}", "{by: [hand]}", "{by: []}",
	} {
		_, err := smdr.Read(strings.NewReader("name: mine\nlayout: {kind: delimited, separator: \";\"}\nfields: {start: 1, duration: 2}\n" +
			"forms: {start: EPOCH, duration: seconds}\njoin: " + join + "\n"))
		require.ErrorIs(t, err, smdr.ErrDescription, join)
	}
}
