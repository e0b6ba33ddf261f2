package lcr

import (
	"slices"
	"time"

	"trunkline/internal/e164"
	"trunkline/rating"
)

// Stats are counts over the attempts at a gateway in some window of time. The figures made of them are those of ITU-T E.411
// and E.425, and RFC 6076; attempts that were only challenged are not counted.
type Stats struct {
	Calls     int64         // Attempts.
	Answered  int64         // With a 200.
	Effective int64         // Answered, or failed for a reason of the called party's: busy, no answer, rejected. The numerator of NER.
	Short     int64         // Answered for less than the operator's bound of a short call.
	Talk      time.Duration // Sum over the answered.
	Ringing   int64         // Attempts with a post-dial delay.
	PDD       time.Duration // Sum of the post-dial delays.
}

// ASR is the answer-seizure ratio in tenths of a percent.
func (s *Stats) ASR() int64 { return permille(s.Answered, s.Calls) }

// NER is the network effectiveness ratio in tenths of a percent.
func (s *Stats) NER() int64 { return permille(s.Effective, s.Calls) }

// ShortShare is the share of short calls among the answered in tenths of a percent.
func (s *Stats) ShortShare() int64 { return permille(s.Short, s.Answered) }

// ACD is the average duration of the answered calls.
func (s *Stats) ACD() time.Duration { return s.Talk / time.Duration(max(s.Answered, 1)) }

// MeanPDD is the mean post-dial delay.
func (s *Stats) MeanPDD() time.Duration { return s.PDD / time.Duration(max(s.Ringing, 1)) }

func permille(part, whole int64) int64 { return part * 1000 / max(whole, 1) }

// QualityRow is what is known of a gateway, for all its calls or for those to numbers with a prefix.
type QualityRow struct {
	Gateway string
	Prefix  e164.Prefix // Empty: all calls.
	Stats
}

// QualityGate is what a rule demands of a gateway's figures. A zero field demands nothing.
type QualityGate struct {
	MinCalls int64 // Fewer calls say nothing: the gateway is let through while figures are being collected. 0: 50.
	MinASR   int64 // Percent.
	MinNER   int64 // Percent.
	MinACD   time.Duration
	MaxPDD   time.Duration
	MaxShort int64 // Percent of the answered calls.
}

const defaultMinCalls = 50

func (q *QualityGate) minCalls() int64 {
	if q == nil || q.MinCalls == 0 {
		return defaultMinCalls
	}
	return q.MinCalls
}

// figures are what a gate looks at, worked out once.
type figures struct {
	calls, asr, ner, short int64 // The ratios in tenths of a percent.
	acd, pdd               time.Duration
}

func (s *Stats) figures() figures {
	return figures{s.Calls, s.ASR(), s.NER(), s.ShortShare(), s.ACD(), s.MeanPDD()}
}

// failing names the figure that the gate is closed by, with its value: tenths of a percent or milliseconds.
func (q *QualityGate) failing(f *figures) (figure, int64) {
	switch {
	case f.asr < q.MinASR*10:
		return figureASR, f.asr
	case f.ner < q.MinNER*10:
		return figureNER, f.ner
	case f.acd < q.MinACD:
		return figureACD, f.acd.Milliseconds()
	case q.MaxPDD > 0 && f.pdd > q.MaxPDD:
		return figurePDD, f.pdd.Milliseconds()
	case q.MaxShort > 0 && f.short > q.MaxShort*10:
		return figureShort, f.short
	}
	return 0, 0
}

// figure is one of the figures of quality.
type figure uint8

const (
	figureASR figure = iota + 1
	figureNER
	figureACD
	figurePDD
	figureShort
)

// qualityTable holds the figures by the gateways' slots. It is immutable.
type qualityTable struct{ gateways []gatewayQuality }

type gatewayQuality struct {
	all      figures
	prefixes *rating.PrefixIndex // Nil: none.
	figures  []figures           // By the positions in prefixes.
}

func newQualityTable(rows []QualityRow, names *slots) (*qualityTable, error) {
	t := &qualityTable{}
	byGateway := make(map[int32]map[uint64]figures)
	for i := range rows {
		slot := names.slot(rows[i].Gateway)
		if byGateway[slot] == nil {
			byGateway[slot] = make(map[uint64]figures)
		}
		byGateway[slot][rows[i].Prefix.Key()] = rows[i].figures()
		for len(t.gateways) <= int(slot) {
			t.gateways = append(t.gateways, gatewayQuality{})
		}
	}
	for slot, stats := range byGateway {
		g := &t.gateways[slot]
		g.all = stats[0]
		delete(stats, 0)
		keys := make([]uint64, 0, len(stats))
		for key := range stats {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			g.figures = append(g.figures, stats[key])
		}
		var err error
		if g.prefixes, err = rating.NewPrefixIndex(keys); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// of returns the figures of a gateway for a number: those of the longest prefix that has seen enough calls, else those of
// all its calls; nil while there are not enough.
func (t *qualityTable) of(g *gateway, number uint64, enough int64) *figures {
	if t == nil || int(g.quality) >= len(t.gateways) {
		return nil
	}
	q := &t.gateways[g.quality]
	if q.prefixes != nil {
		for i := q.prefixes.Find(number); i >= 0; i = q.prefixes.Parent(i) {
			if q.figures[i].calls >= enough {
				return &q.figures[i]
			}
		}
	}
	if q.all.calls >= enough {
		return &q.all
	}
	return nil
}
