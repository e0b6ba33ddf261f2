package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrBusy is returned when calls came in while a month was summed, time and again.
var ErrBusy = errors.New("calls came in while the sums were made")

// rebuildTries is how often a month is summed anew when calls came in meanwhile.
const rebuildTries = 5

// kept is a table of sums with what shows that it is complete.
type kept struct {
	name, time, count string
	of                string // Which records are in it.
}

func keptTables() []kept {
	return []kept{
		{"cdr_hour", "hour", "legs", "1"},
		{"cdr_day", "day", "legs", "1"},
		{"traffic_hour", "hour", "legs", "1"},
		{"tenant_hour", "hour", "legs", "1"},
		{"house_hour", "hour", "legs", "1"},
		{"usage_hour", "hour", "attempts", "kind = 'ingress' AND (direction <> 'internal' OR cdr.sale <> 0)"},
	}
}

// Rebuild makes all sums anew from the records, month by month, by the definitions of their views, and checks that each
// month adds up to its records. Readers see a month as it was or as it is, never between. Calls of a month that come in
// while it is summed make it be summed again; when that does not end, it is ErrBusy and the month may lack calls: repeat it
// while no worker runs. Of days of which retention has dropped calls, the sums stay as they are: the calls that they were made of are
// not there. told is called after every month of every table.
func (s *Store) Rebuild(ctx context.Context, told func(table, month string)) error {
	var months []string
	const query = `SELECT arraySort(groupUniqArray(substring(partition, 1, 6))) FROM system.parts WHERE database = currentDatabase() AND active
AND table IN ('cdr', 'cdr_hour', 'cdr_day', 'traffic_hour', 'tenant_hour', 'house_hour', 'usage_hour')`
	if err := s.db.conn.QueryRow(ctx, query).Scan(&months); err != nil {
		return fmt.Errorf("months of calls: %w", err)
	}
	for _, k := range keptTables() {
		for _, month := range months {
			if err := s.rebuildMonth(ctx, k, month); err != nil {
				return fmt.Errorf("sums %s of %s: %w", k.name, month, err)
			}
			told(k.name, month)
		}
	}
	return nil
}

func (s *Store) rebuildMonth(ctx context.Context, k kept, month string) error {
	for range rebuildTries {
		if err := s.fillMonth(ctx, k, month); err != nil {
			return err
		}
		ok, err := s.agrees(ctx, k, month)
		if err != nil || ok {
			return err
		}
	}
	return ErrBusy
}

// retiredDays are the days of which calls were dropped.
const retiredDays = `SELECT day FROM cdr_retired`

// fillMonth sums a month into a table beside, and puts it in the place of the old sums at once.
func (s *Store) fillMonth(ctx context.Context, k kept, month string) (err error) {
	var definition, database string
	if err := s.db.conn.QueryRow(ctx, `SELECT as_select, database FROM system.tables WHERE database = currentDatabase() AND name = ?`, k.name+"_view").
		Scan(&definition, &database); err != nil {
		return err
	}
	aside := k.name + "_rebuild"
	drop := func() error { return s.db.conn.Exec(ctx, "DROP TABLE IF EXISTS "+aside+" SYNC") }
	if err := drop(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	for _, statement := range []string{
		"CREATE TABLE " + aside + " AS " + k.name,
		"INSERT INTO " + aside + " SELECT * FROM " + k.name + " WHERE toYYYYMM(" + k.time + ") = " + month + " AND toDate(" + k.time + ") IN (" + retiredDays + ")",
		"INSERT INTO " + aside + " " + definition + " SETTINGS additional_table_filters = {'" + database + ".cdr': 'toYYYYMM(slot) = " + month +
			" AND toDate(slot) NOT IN (SELECT day FROM " + database + ".cdr_retired)'}",
	} {
		if err := s.db.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	var rows uint64
	if err := s.db.conn.QueryRow(ctx, "SELECT count() FROM "+aside).Scan(&rows); err != nil {
		return err
	}
	if rows == 0 {
		return s.db.conn.Exec(ctx, "ALTER TABLE "+k.name+" DROP PARTITION "+month)
	}
	return s.db.conn.Exec(ctx, "ALTER TABLE "+k.name+" REPLACE PARTITION "+month+" FROM "+aside)
}

// agrees reports whether the sums of a month are those of its records.
func (s *Store) agrees(ctx context.Context, k kept, month string) (bool, error) {
	query := strings.NewReplacer("{count}", k.count, "{table}", k.name, "{time}", k.time, "{of}", k.of).Replace(
		`SELECT sum({count}), sum(sale) FROM {table} WHERE toYYYYMM({time}) = toUInt32(?) AND toDate({time}) NOT IN (` + retiredDays + `) UNION ALL
SELECT -sum(toInt64(sign)), -sum(sale * sign) FROM cdr WHERE toYYYYMM(slot) = toUInt32(?) AND toDate(slot) NOT IN (` + retiredDays + `) AND {of}`)
	rows, err := s.db.conn.Query(ctx, query, month, month)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	var legs int64
	var sale decimal.Decimal
	for rows.Next() {
		var n int64
		var a decimal.Decimal
		if err := rows.Scan(&n, &a); err != nil {
			return false, err
		}
		legs, sale = legs+n, sale.Add(a)
	}
	return legs == 0 && sale.IsZero(), rows.Err()
}
