package traffic

// bin is the traffic of a quarter of an hour.
type bin struct {
	micros int64 // Of occupied lines.
	calls  int32 // That took a line.
	lost   int32
}

// bins are the traffic of a group over the period. Days without calls take no memory.
type bins struct {
	grid *grid
	days [][]bin
}

func newBins(g *grid) *bins { return &bins{g, make([][]bin, len(g.days))} }

// at is the bin of a moment of the period.
func (b *bins) at(moment int64) *bin {
	n := b.grid.dayOf(moment)
	d := &b.grid.days[n]
	if b.days[n] == nil {
		b.days[n] = make([]bin, d.quarters())
	}
	return &b.days[n][d.quarterOf(moment)]
}

// occupy adds a line that was occupied between two moments of the period.
func (b *bins) occupy(from, till int64) {
	for from < till {
		d := &b.grid.days[b.grid.dayOf(from)]
		_, end := b.grid.span(d, d.quarterOf(from))
		end = min(end, till)
		b.at(from).micros += end - from
		from = end
	}
}

// of is the bin of a quarter, empty where there was nothing.
func (b *bins) of(day, quarter int) bin {
	if b.days[day] == nil {
		return bin{}
	}
	return b.days[day][quarter]
}

// sum adds up n quarters from one on.
func (b *bins) sum(day, quarter, n int) bin {
	var out bin
	for i := range n {
		one := b.of(day, quarter+i)
		out.micros += one.micros
		out.calls += one.calls
		out.lost += one.lost
	}
	return out
}
