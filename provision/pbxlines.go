package provision

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// maxTrunkLines bounds the lines of a trunk: more is a mistake.
const maxTrunkLines = 100_000

// TrunkGroup is the trunks of a PBX that carry each other's calls.
type TrunkGroup struct {
	ID    string
	Lines int      // 0: not known.
	Known []string // Lines that are set up one by one.
}

// TrunkGroups returns the trunk groups of a PBX as they were in [from, till), by id.
func (p *PBX) TrunkGroups(from, till time.Time) []TrunkGroup {
	var out []TrunkGroup
	seen := make(map[string]bool) // A trunk whose number or tariff changed stands there several times.
	unknown := make(map[string]bool)
	for i := range p.Trunks {
		t := &p.Trunks[i]
		if seen[t.ID] || !t.Since.Before(till) || !t.Till.IsZero() && !t.Till.After(from) {
			continue
		}
		seen[t.ID] = true
		id := t.groupID()
		at := slices.IndexFunc(out, func(g TrunkGroup) bool { return g.ID == id })
		if at < 0 {
			at, out = len(out), append(out, TrunkGroup{ID: id})
		}
		n := p.linesOf(t.ID)
		unknown[id] = unknown[id] || n == 0
		out[at].Lines += n
		if open(t.ID) == 0 {
			out[at].Known = append(out[at].Known, t.ID)
		}
	}
	for i := range out {
		if unknown[out[i].ID] {
			out[i].Lines = 0
		}
		slices.Sort(out[i].Known)
	}
	slices.SortFunc(out, func(a, b TrunkGroup) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// linesOf is how many lines a trunk is, by whichever of its entries says it; 0: not known.
func (p *PBX) linesOf(id string) int {
	n := 0
	for i := range p.Trunks {
		if t := &p.Trunks[i]; t.ID == id {
			n = max(n, t.Lines)
			if t.Lines == 0 && t.Group != "" && open(id) == 0 {
				n = max(n, 1)
			}
		}
	}
	return n
}

func (t *PBXTrunk) groupID() string { return cmp.Or(t.Group, t.ID) }

// GroupOf returns the trunk group that a recorded line was of at a moment, and the line. What nobody set up is a group by itself.
func (p *PBX) GroupOf(recorded string, at time.Time) (group, line string) {
	t := p.trunk(recorded, at)
	switch {
	case t.ID == "":
		peer := channelPeer(recorded)
		return peer, peer
	case strings.HasSuffix(t.ID, "*"): // The channels of a call, not lines.
		return t.groupID(), channelPeer(recorded)
	}
	return t.groupID(), recorded
}

// channelPeer takes what Asterisk puts behind the peer in the name of every channel: PJSIP/second-00000ed9 is one of PJSIP/second.
func channelPeer(recorded string) string {
	const tail = len("-00000ed9")
	if len(recorded) > tail && channelTail(recorded[len(recorded)-tail:]) {
		return recorded[:len(recorded)-tail]
	}
	return recorded
}

func channelTail(text string) bool {
	return text[0] == '-' && strings.Trim(text[1:], "0123456789abcdef") == ""
}
