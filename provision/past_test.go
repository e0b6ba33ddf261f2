package provision_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"trunkline/internal/e164"
	"trunkline/internal/money"
	"trunkline/provision"
	"trunkline/rating"
)

// history runs one file of testdata/prices: an operator applies files as time goes on, and calls are priced as of moments.
//
//	file NAME                          a deck or tariff that stands beside the operator's file from now on
//	apply at=                          the operator's file (or the one before), as it is stored at a moment
//	withdraw tariff= revision= at=     a version that has not begun is taken back
//	versions tariff= | deck=           the versions, with when they hold
//	price tariff= to= [corrected]      lines of moments: by which version a minute is priced, and what it costs
//	bill tariff= deck= to= at=         a minute by the tariff, built on the deck
type history struct {
	files    fstest.MapFS
	operator string
	objects  []provision.Object
	stored   map[string][]byte
	past     *provision.Past
	revision int64
	compiler *provision.Compiler
	snapshot *provision.Snapshot
}

// Content implements provision.Archive over all that was ever applied.
func (h *history) Content(_ context.Context, sum [sha256.Size]byte) ([]byte, error) {
	if content, ok := h.stored[string(sum[:])]; ok {
		return content, nil
	}
	return nil, errors.New("not there")
}

func TestPricesInTime(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/prices", func(t *testing.T, path string) {
		t.Helper()
		h := &history{files: fstest.MapFS{}, stored: make(map[string][]byte), compiler: provision.NewCompiler()}
		h.past = &provision.Past{Archive: h}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			switch d.Cmd {
			case "file":
				h.files[d.CmdArgs[0].Key] = &fstest.MapFile{Data: []byte(d.Input + "\n")}
				return ""
			case "apply":
				return h.apply(t, d)
			case "withdraw":
				return h.withdraw(t, d)
			case "versions":
				return h.versions(d)
			case "price":
				return h.price(t, d)
			case "bill":
				return h.bill(t, d)
			}
			t.Fatalf("there is no command %q", d.Cmd)
			return ""
		})
	})
}

// current is what the files hold now.
func (h *history) current() map[string][]byte {
	out := make(map[string][]byte)
	for _, f := range h.past.Files {
		out[f.Name] = h.stored[string(f.Sum[:])]
	}
	return out
}

func (h *history) apply(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	if d.Input != "" {
		h.operator = d.Input
	}
	h.files["operator.yaml"] = &fstest.MapFile{Data: []byte(h.operator)}
	bundle, err := provision.ReadBundle(h.files, "operator.yaml")
	require.NoError(t, err)
	changes, merged, err := provision.Plan(h.objects, h.current(), bundle, false)
	require.NoError(t, err)
	h.store(t, changes, merged, when(d))
	return fmt.Sprintf("revision %d\n", h.revision)
}

func (h *history) store(t *testing.T, changes *provision.Changes, merged *provision.Bundle, at time.Time) {
	t.Helper()
	h.revision++
	for _, content := range merged.Files {
		sum := sha256.Sum256(content)
		h.stored[string(sum[:])] = content
	}
	h.past = h.past.With(changes, h.revision, at, "olga")
	h.past.Withdrawn = append(h.past.Withdrawn, changes.Withdraw...)
	merged.Past = h.past
	var err error
	h.objects, err = merged.Objects()
	require.NoError(t, err)
	h.snapshot, err = h.compiler.Compile(t.Context(), merged)
	require.NoError(t, err)
}

func (h *history) withdraw(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var revision int64
	_, err := fmt.Sscan(arg(d, "revision"), &revision)
	require.NoError(t, err)
	changes, err := provision.Withdraw(t.Context(), h.snapshot, h.objects, provision.Withdrawal{Kind: provision.KindTariff, ID: arg(d, "tariff"), Revision: revision}, when(d))
	if err != nil {
		return err.Error() + "\n"
	}
	current := h.current()
	maps.Copy(current, changes.Files)
	merged, err := provision.NewBundle(h.objects, current)
	require.NoError(t, err)
	h.store(t, changes, merged, when(d))
	return fmt.Sprintf("revision %d\n", h.revision)
}

func (h *history) versions(d *datadriven.TestData) string {
	kind, id := provision.KindTariff, arg(d, "tariff")
	if id == "" {
		kind, id = provision.KindDeck, arg(d, "deck")
	}
	var b strings.Builder
	for _, v := range h.snapshot.Timeline(kind, id).All() {
		begins := "ever"
		if !v.Begins.IsZero() {
			begins = v.Begins.UTC().Format(time.RFC3339)
		}
		name, _, _ := strings.Cut(v.Label, ".") // The hash of the content is not for a script.
		if v.Name == "" {
			name, _, _ = strings.Cut(v.Label, "@")
		}
		fmt.Fprintf(&b, "revision %d: %s since %s", v.Revision, name, begins)
		if !v.Ends.IsZero() {
			fmt.Fprintf(&b, " until %s", v.Ends.UTC().Format(time.RFC3339))
		}
		if v.Withdrawn {
			b.WriteString(", withdrawn")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (h *history) price(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	var b strings.Builder
	for row := range strings.Lines(d.Input) {
		row = strings.TrimSpace(row)
		at, err := time.Parse(time.RFC3339, row)
		require.NoError(t, err)
		ask := h.snapshot.TariffAt
		if d.HasArg("corrected") {
			ask = h.snapshot.TariffCorrected
		}
		tariff, ok, err := ask(t.Context(), arg(d, "tariff"), at)
		require.NoError(t, err)
		require.True(t, ok)
		fmt.Fprintf(&b, "%s %s\n", row, minute(tariff, rating.Call{To: e164.MustParse(arg(d, "to")), Connect: at}))
	}
	return b.String()
}

// minute prices a minute, and says by which version.
func minute(tariff *rating.Tariff, call rating.Call) string {
	call.Duration = time.Minute
	charge, err := tariff.Price(call, nil)
	if err != nil {
		return err.Error()
	}
	label, _, _ := strings.Cut(charge.Tariff, ".")
	return charge.Total.String() + " by " + label
}

func (h *history) bill(t *testing.T, d *datadriven.TestData) string {
	t.Helper()
	call := rating.Call{To: e164.MustParse(arg(d, "to")), Connect: when(d)}
	tariff, _, err := h.snapshot.TariffAt(t.Context(), arg(d, "tariff"), when(d))
	require.NoError(t, err)
	cost, _, err := h.snapshot.CostAt(t.Context(), arg(d, "deck"), when(d))
	require.NoError(t, err)
	rate, ok := h.snapshot.BaseRate(cost, call, tariff.Currency())
	if !ok {
		return "no rate\n"
	}
	call.Chosen, call.Cheapest = rate, rate
	return minute(tariff, call) + "\n"
}

func arg(d *datadriven.TestData, key string) string {
	for _, a := range d.CmdArgs {
		if a.Key == key {
			return strings.Join(a.Vals, ",")
		}
	}
	return ""
}

func when(d *datadriven.TestData) time.Time {
	if text := arg(d, "at"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			panic(err)
		}
		return at
	}
	return time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
}

// TestVersionsCannotBeRead: a version that is known and cannot be read is an error that passes, and never another price.
func TestVersionsCannotBeRead(t *testing.T) {
	t.Parallel()
	h := &history{files: fstest.MapFS{}, stored: make(map[string][]byte), compiler: provision.NewCompiler()}
	h.past = &provision.Past{Archive: h}
	write := func(rate string) {
		h.files["retail.yaml"] = &fstest.MapFile{Data: []byte("name: retail\ncurrency: EUR\ndecks:\n  - name: a\n    rates: [{prefix: \"49\", rate: " + rate + "}]\n")}
	}
	h.operator = "name: House\nrealm: pbx.test\ntariffs: [{id: retail, file: retail.yaml}]\n"
	apply := func(at string) {
		bundle, err := provision.ReadBundle(h.files, "operator.yaml")
		require.NoError(t, err)
		changes, merged, err := provision.Plan(h.objects, h.current(), bundle, false)
		require.NoError(t, err)
		moment, err := time.Parse(time.DateOnly, at)
		require.NoError(t, err)
		h.store(t, changes, merged, moment)
	}
	h.files["operator.yaml"] = &fstest.MapFile{Data: []byte(h.operator)}
	write("0.01")
	apply("2026-01-01")
	lost := h.past.Files[0].Sum
	write("0.02")
	apply("2026-06-01")
	write("0.03")
	apply("2026-09-01")
	content := h.stored[string(lost[:])]
	delete(h.stored, string(lost[:]))
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	_, ok, err := h.snapshot.TariffAt(t.Context(), "retail", march)
	require.Error(t, err)
	require.False(t, ok)
	h.stored[string(lost[:])] = content
	tariff, ok, err := h.snapshot.TariffAt(t.Context(), "retail", march)
	require.NoError(t, err)
	require.True(t, ok)
	charge, err := tariff.Price(rating.Call{To: e164.MustParse("4930123456"), Connect: march, Duration: time.Minute}, nil)
	require.NoError(t, err)
	require.Equal(t, money.MustParseAmount("0.01"), charge.Total)
	again, ok, err := h.snapshot.Recall(t.Context(), provision.KindTariff, "retail", charge.Tariff)
	require.NoError(t, err)
	require.True(t, ok)
	require.Same(t, tariff, again)
}
