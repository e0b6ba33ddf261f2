package cdr_test

import (
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"trunkline/cdr"
	"trunkline/internal/calls"
	"trunkline/internal/e164"
	"trunkline/internal/money"
)

func legGen(t *rapid.T) cdr.Leg {
	word := rapid.StringMatching(`[a-zа-я0-9:;@./-]{0,20}`)
	moment := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "absent") {
			return time.Time{}
		}
		return time.UnixMicro(rapid.Int64Range(-1<<50, 1<<52).Draw(t, "micros")).UTC()
	})
	number := rapid.Custom(func(t *rapid.T) e164.Number {
		if rapid.Bool().Draw(t, "none") {
			return e164.Number{}
		}
		return e164.MustParse(rapid.StringMatching(`[1-9][0-9]{0,14}`).Draw(t, "digits"))
	})
	id, err := calls.IDFromBytes(append([]byte{1}, rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "id")...))
	require.NoError(t, err)
	l := cdr.Leg{
		Call: id, Seq: rapid.Uint16().Draw(t, "seq"),
		Kind:      rapid.SampledFrom([]cdr.Kind{cdr.Ingress, cdr.Egress}).Draw(t, "kind"),
		Direction: calls.Direction(rapid.IntRange(1, 4).Draw(t, "direction")),
		From:      number.Draw(t, "from"), To: number.Draw(t, "to"),
		Setup: moment.Draw(t, "setup"), Progress: moment.Draw(t, "progress"),
		Connect: moment.Draw(t, "connect"), Disconnect: moment.Draw(t, "disconnect"),
		Granted: time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "granted")) * time.Microsecond,
		Draw:    drawGen(t), Reserved: rapid.Bool().Draw(t, "reserved"), SIPStatus: rapid.Uint16().Draw(t, "status"),
		Cause: rapid.Uint8().Draw(t, "cause"), ReleasedBy: cdr.Side(rapid.IntRange(0, 7).Draw(t, "side")),
		Trace: rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "trace"),
	}
	if len(l.Trace) == 0 {
		l.Trace = nil
	}
	for _, p := range []*string{
		&l.Source, &l.Node, &l.Tenant, &l.Branch, &l.Extension, &l.Number, &l.Tariff, &l.Carrier, &l.Gateway, &l.Deck,
		&l.CallerID, &l.Dialled, &l.Reason, &l.SIPCallID, &l.Remote, &l.Raw, &l.Verdict, &l.Trunk,
	} {
		*p = word.Draw(t, "word")
	}
	return l
}

func drawGen(t *rapid.T) cdr.Draw {
	if rapid.Bool().Draw(t, "no quota") {
		return cdr.Draw{}
	}
	d := cdr.Draw{Money: money.FromMicros(rapid.Int64Min(0).Draw(t, "drawn")), Seconds: rapid.Int64Min(0).Draw(t, "drawn seconds")}
	copy(d.Quota[:], append([]byte{1}, rapid.SliceOfN(rapid.Byte(), 15, 15).Draw(t, "quota")...))
	return d
}

func recordGen(t *rapid.T) cdr.Record {
	amount := rapid.Custom(func(t *rapid.T) money.Amount { return money.FromMicros(rapid.Int64().Draw(t, "micros")) })
	currency := rapid.SampledFrom([]money.Currency{{}, money.MustParseCurrency("EUR"), money.MustParseCurrency("RUB")})
	word := rapid.StringMatching(`[a-z0-9 ]{0,12}`)
	return cdr.Record{
		Leg: legGen(t), Sign: rapid.SampledFrom([]int8{1, -1}).Draw(t, "sign"), Batch: rapid.Int64().Draw(t, "batch"),
		Slot:   time.Unix(900*rapid.Int64Range(1, 1<<22).Draw(t, "slot"), 0).UTC(),
		Billed: rapid.Int64().Draw(t, "billed"), Covered: rapid.Int64().Draw(t, "covered"),
		Prefix: word.Draw(t, "prefix"), Destination: word.Draw(t, "destination"), Country: word.Draw(t, "country"),
		PerMinute:  money.PerMinute(rapid.Int64().Draw(t, "rate")),
		ConnectFee: amount.Draw(t, "fee"), Sale: amount.Draw(t, "sale"), Cost: amount.Draw(t, "cost"),
		SaleCurrency: currency.Draw(t, "sale currency"), CostCurrency: currency.Draw(t, "cost currency"),
		TariffVersion: word.Draw(t, "tariff"), DeckVersion: word.Draw(t, "deck"), Note: word.Draw(t, "note"), Basis: word.Draw(t, "basis"),
	}
}

func TestLegRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := legGen(t)
		data := cdr.AppendLeg(nil, &want)
		got := cdr.Leg{Raw: "what was there before"}
		require.NoError(t, cdr.DecodeLeg(data, &got))
		require.Equal(t, want, got)
	})
}

func TestRecordRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := recordGen(t)
		data := cdr.AppendRecord([]byte("before"), &want)
		var got cdr.Record
		require.NoError(t, cdr.DecodeRecord(data[len("before"):], &got))
		require.Equal(t, want, got)
	})
}

// TestSchemaAgrees reads what the hand-written codec writes with the schema that is handed to others, and back: every
// field of the schema is known to the codec and means the same.
func TestSchemaAgrees(t *testing.T) {
	compiler := protocompile.Compiler{Resolver: &protocompile.SourceResolver{}}
	files, err := compiler.Compile(t.Context(), "leg.proto")
	require.NoError(t, err)
	record := files[0].Messages().ByName("Record")
	rapid.Check(t, func(t *rapid.T) {
		want := recordGen(t)
		message := dynamicpb.NewMessage(record)
		require.NoError(t, proto.Unmarshal(cdr.AppendRecord(nil, &want), message))
		requireKnown(t, message)
		data, err := proto.Marshal(message)
		require.NoError(t, err)
		var got cdr.Record
		require.NoError(t, cdr.DecodeRecord(data, &got))
		require.Equal(t, want, got)

		leg := message.Get(record.Fields().ByName("leg")).Message()
		fields := leg.Descriptor().Fields()
		require.Equal(t, want.To.Digits(), leg.Get(fields.ByName("to")).String())
		require.Equal(t, want.Granted.Microseconds(), leg.Get(fields.ByName("granted")).Int())
		require.Equal(t, !want.Connect.IsZero(), leg.Has(fields.ByName("connect")))
		require.Equal(t, want.Sale.Micros(), message.Get(record.Fields().ByName("sale")).Int())
	})
}

func requireKnown(t *rapid.T, m protoreflect.Message) {
	require.Empty(t, m.GetUnknown())
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() != nil {
			requireKnown(t, v.Message())
		}
		return true
	})
}

func TestUnknownFieldsAreSkipped(t *testing.T) {
	leg := sampleLeg(t)
	data := protowire.AppendTag(nil, 1000, protowire.Fixed64Type)
	data = protowire.AppendFixed64(data, 7)
	data = cdr.AppendLeg(data, &leg)
	data = protowire.AppendTag(data, 1001, protowire.BytesType)
	data = protowire.AppendString(data, "from the future")
	var got cdr.Leg
	require.NoError(t, cdr.DecodeLeg(data, &got))
	require.Equal(t, leg, got)
}

func TestRefused(t *testing.T) {
	leg := sampleLeg(t)
	good := cdr.AppendLeg(nil, &leg)
	tag := func(number protowire.Number, v uint64) []byte {
		b := protowire.AppendTag(append([]byte(nil), good...), number, protowire.VarintType)
		return protowire.AppendVarint(b, v)
	}
	for name, data := range map[string][]byte{
		"nothing":       {},
		"newer version": tag(1, 2),
		"kind":          tag(4, 9),
		"direction":     tag(5, 256),
		"sequence":      tag(3, 1<<16),
		"granted":       tag(10, 1<<63),
		"cut":           good[:len(good)-3],
	} {
		var got cdr.Leg
		require.ErrorIs(t, cdr.DecodeLeg(data, &got), cdr.ErrCodec, name)
	}
}

func FuzzDecodeLeg(f *testing.F) {
	leg := sampleLeg(f)
	f.Add(cdr.AppendLeg(nil, &leg))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, again cdr.Leg
		if cdr.DecodeLeg(data, &got) != nil {
			return
		}
		require.NoError(t, cdr.DecodeLeg(cdr.AppendLeg(nil, &got), &again))
		require.Equal(t, got, again)
	})
}

func FuzzDecodeRecord(f *testing.F) {
	record := cdr.Record{Leg: sampleLeg(f), Sign: 1, Sale: money.MustParseAmount("1.25")}
	f.Add(cdr.AppendRecord(nil, &record))
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, again cdr.Record
		if cdr.DecodeRecord(data, &got) != nil {
			return
		}
		require.NoError(t, cdr.DecodeRecord(cdr.AppendRecord(nil, &got), &again))
		require.Equal(t, got, again)
	})
}

func sampleLeg(tb testing.TB) cdr.Leg {
	tb.Helper()
	id, err := calls.ParseID("01932f4e-7a1b-7c3d-8e5f-0123456789ab")
	require.NoError(tb, err)
	at := time.Date(2026, 11, 3, 9, 30, 0, 123456000, time.UTC)
	return cdr.Leg{
		Call: id, Kind: cdr.Ingress, Direction: calls.Outbound, Source: cdr.SourceSIP, Node: "proxy-1",
		Tenant: "beauty", Branch: "moscow", Extension: "101", Tariff: "business", Carrier: "alfa", Gateway: "alfa-1",
		From: e164.MustParse("74951234567"), To: e164.MustParse("79161234567"), CallerID: "+74951234567", Dialled: "89161234567",
		Setup: at, Progress: at.Add(2 * time.Second), Connect: at.Add(7 * time.Second), Disconnect: at.Add(67 * time.Second),
		Granted: 5 * time.Minute, Reserved: true, SIPStatus: 200, Cause: 16, ReleasedBy: cdr.SideCaller,
		SIPCallID: "a84b4c76e66710@pc33.example", Remote: "127.0.0.1:5060",
	}
}

func BenchmarkAppendLeg(b *testing.B) {
	leg := sampleLeg(b)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = cdr.AppendLeg(buf[:0], &leg)
	}
	b.SetBytes(int64(len(buf)))
}

func BenchmarkDecodeLeg(b *testing.B) {
	leg := sampleLeg(b)
	data := cdr.AppendLeg(nil, &leg)
	b.ReportAllocs()
	for b.Loop() {
		if err := cdr.DecodeLeg(data, &leg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	record := cdr.Record{Leg: sampleLeg(b), Sign: 1, Slot: time.Unix(900, 0).UTC(), SaleCurrency: money.MustParseCurrency("RUB")}
	var buf []byte
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = cdr.AppendRecord(buf[:0], &record)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := cdr.DecodeRecord(buf, &record); err != nil {
				b.Fatal(err)
			}
		}
	})
}
