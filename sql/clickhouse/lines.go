package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"trunkline/cdr"
	"trunkline/reports/traffic"
)

// lineSQL reads what occupied lines. Corrections stand beside what they correct, so that they cancel out row by row.
const lineSQL = `SELECT call, seq, toInt64(sign), source = '` + cdr.SourceSIP + `', kind = 'ingress', toString(node), trunk, toString(gateway), toString(carrier),
    setup, progress, connect, disconnect, cause, reason IN ('capacity', 'cps')
FROM cdr WHERE `

// lineRow is a row of it.
type lineRow struct {
	call uuid.UUID
	seq  uint16
	leg  traffic.Leg
}

// EachLeg implements traffic.Store. It asks for one day after the other, so that neither side holds more than that.
func (s *Store) EachLeg(ctx context.Context, q traffic.Query, do func(*traffic.Leg) error) error {
	from := q.From.Add(-longestCall) // Those in progress when the period begins.
	for till := q.From; ; from, till = till, till.Add(24*time.Hour) {
		if till.After(q.Till) {
			till = q.Till
		}
		if err := s.eachLeg(ctx, &q, from, till, do); err != nil {
			return fmt.Errorf("read the calls of lines: %w", err)
		}
		if !till.Before(q.Till) {
			return nil
		}
	}
}

// lines are the conditions on the legs that were set up in [from, till).
func lines(q *traffic.Query, from, till time.Time) *condition {
	c := &condition{}
	c.add("slot >= toDateTime(?, 'UTC')", from.Truncate(cdr.SlotLength).Unix())
	c.add("slot < toDateTime(?, 'UTC')", till.Add(longestCall).Unix()) // It is that of the answer.
	c.add("setup >= fromUnixTimestamp64Micro(?, 'UTC')", from.UnixMicro())
	c.add("setup < fromUnixTimestamp64Micro(?, 'UTC')", till.UnixMicro())
	if till.Equal(q.From) {
		c.add("disconnect > fromUnixTimestamp64Micro(?, 'UTC')", till.UnixMicro())
	}
	if q.Tenant == "" {
		c.terms = append(c.terms, "source = '"+cdr.SourceSIP+"' AND (kind = 'egress' AND gateway != '' OR startsWith(trunk, 'gateway/'))")
		return c
	}
	c.add("tenant = ?", q.Tenant)
	c.terms = append(c.terms, "trunk != ''", "NOT (source = '"+cdr.SourceSIP+"' AND startsWith(trunk, 'gateway/'))")
	if q.PBX != "" {
		c.add("node = ?", q.PBX)
		c.terms = append(c.terms, "source != '"+cdr.SourceSIP+"'")
	}
	return c
}

func (s *Store) eachLeg(ctx context.Context, q *traffic.Query, from, till time.Time, do func(*traffic.Leg) error) (err error) {
	where := lines(q, from, till)
	rows, err := s.db.conn.Query(ctx, lineSQL+where.String()+" ORDER BY setup, call, seq", where.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var same netted
	for rows.Next() {
		var r lineRow
		var sign int64
		l := &r.leg
		if err := rows.Scan(&r.call, &r.seq, &sign, &l.Own, &l.Ingress, &l.Node, &l.Trunk, &l.Gateway, &l.Carrier, &l.Setup, &l.Progress, &l.Connect,
			&l.Disconnect, &l.Cause, &l.Refused); err != nil {
			return err
		}
		r.complete()
		if err := same.add(r, sign, do); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return same.flush(do)
}

// complete tells what did not happen from what happened in 1970, and a gateway that the call came by from one that it left by.
func (r *lineRow) complete() {
	l := &r.leg
	l.Progress, l.Connect = moment(l.Progress), moment(l.Connect)
	if l.Own && l.Ingress {
		leg := cdr.Leg{Source: cdr.SourceSIP, Trunk: l.Trunk}
		l.Gateway, l.Carrier = leg.CameByGateway(), ""
		if l.Gateway != "" {
			l.Trunk = ""
		}
	}
}

// netted are the rows of one leg: what was written, taken back and written anew.
type netted struct {
	rows  []lineRow
	signs []int64
}

func (n *netted) add(r lineRow, sign int64, do func(*traffic.Leg) error) error {
	if len(n.rows) > 0 && (n.rows[0].call != r.call || n.rows[0].seq != r.seq) {
		if err := n.flush(do); err != nil {
			return err
		}
	}
	for i := range n.rows {
		if n.rows[i] == r {
			n.signs[i] += sign
			return nil
		}
	}
	n.rows, n.signs = append(n.rows, r), append(n.signs, sign)
	return nil
}

// flush hands over what is in force.
func (n *netted) flush(do func(*traffic.Leg) error) error {
	for i := range n.rows {
		if n.signs[i] <= 0 {
			continue
		}
		if err := do(&n.rows[i].leg); err != nil {
			return err
		}
	}
	n.rows, n.signs = n.rows[:0], n.signs[:0]
	return nil
}
