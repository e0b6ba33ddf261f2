package clickhouse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
)

// ErrBusy is returned when calls came in while a month was summed, time and again.
var ErrBusy = errors.New("calls came in while the sums were made")

// rebuildTries is how often a month is summed anew when calls came in meanwhile.
const rebuildTries = 5

// asidePrefix begins the names of tables in which months are summed.
const asidePrefix = "cdr_sum_rebuild_"

// Rebuild makes all sums anew from the records, month by month, and checks that each month adds up to its records. Readers see a month
// as it was or as it is, never between. Calls of a month that come in while it is summed make it be summed again; when that does not end,
// it is ErrBusy and the month may lack calls: repeat it while no worker runs. Of days of which retention has dropped calls, the sums stay
// as they are: the calls that they were made of are not there. told is called after every month.
func (s *Store) Rebuild(ctx context.Context, told func(month string)) error {
	if err := s.dropLeft(ctx); err != nil {
		return err
	}
	months, err := s.months(ctx)
	if err != nil {
		return err
	}
	for _, month := range months {
		if err := s.rebuildMonth(ctx, month); err != nil {
			return fmt.Errorf("sums of %s: %w", month, err)
		}
		told(month)
	}
	return nil
}

// months returns those that have calls or sums, in order, as "202610".
func (s *Store) months(ctx context.Context) (months []string, err error) {
	const query = `SELECT arraySort(groupUniqArray(substring(partition, 1, 6))) FROM system.parts WHERE database = currentDatabase() AND active
AND table IN ('cdr', 'cdr_sum')`
	if err := s.db.conn.QueryRow(ctx, query).Scan(&months); err != nil {
		return nil, fmt.Errorf("months of calls: %w", err)
	}
	return months, nil
}

// dropLeft drops tables that a rebuild has left that was killed more than a day ago.
func (s *Store) dropLeft(ctx context.Context) error {
	var names []string
	const query = `SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase() AND startsWith(name, ?) AND metadata_modification_time < now() - INTERVAL 1 DAY`
	if err := s.db.conn.QueryRow(ctx, query, asidePrefix).Scan(&names); err != nil {
		return fmt.Errorf("tables that a rebuild has left: %w", err)
	}
	for _, name := range names {
		if err := s.db.conn.Exec(ctx, "DROP TABLE IF EXISTS "+name+" SYNC"); err != nil {
			return fmt.Errorf("tables that a rebuild has left: %w", err)
		}
	}
	return nil
}

// rebuildMonth makes the sums of a month anew, until they agree with its records.
func (s *Store) rebuildMonth(ctx context.Context, month string) error {
	for range rebuildTries {
		if err := s.fillMonth(ctx, month); err != nil {
			return err
		}
		ok, err := s.agrees(ctx, month, false)
		if err != nil || ok {
			return err
		}
	}
	return ErrBusy
}

// retiredDays are the days of which calls were dropped.
const retiredDays = `SELECT day FROM cdr_retired`

// insertMarks writes the statement that puts marks of batches into a table, by a column of time and all that follows the batch.
func insertMarks(into, at, rest string) string {
	return "INSERT INTO " + into + " (grain, time, kind, direction, batch, key, " + sumColumns + ") SELECT 'batch', toDateTime(toStartOfMonth(" + at + "), 'UTC'), 'ingress', 'outbound', batch, " + rest
}

// fillMonth sums a month into a table beside, and puts it in the place of the old sums at once. The marks of its batches come first, and
// the sums are those of batches that have one: what comes in meanwhile has neither.
func (s *Store) fillMonth(ctx context.Context, month string) (err error) {
	aside := asidePrefix + strings.ToLower(rand.Text())
	defer func() {
		err = errors.Join(err, s.db.conn.Exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS "+aside+" SYNC"))
	}()
	statements := []string{
		"CREATE TABLE " + aside + " AS cdr_sum",
		insertMarks(aside, "slot", "batch_key, "+batchSums+" FROM cdr WHERE toYYYYMM(slot) = "+month+" GROUP BY ALL"),
	}
	of := "toYYYYMM(slot) = " + month + " AND toDate(slot) NOT IN (" + retiredDays + ") AND (batch, batch_key) IN (SELECT batch, key FROM " + aside + " WHERE grain = 'batch')"
	for _, d := range definitions() {
		statements = append(statements, d.insert(aside, of))
	}
	statements = append(statements,
		insertMarks(aside, "day", "key, "+retiredSums+" FROM cdr_retired FINAL WHERE toYYYYMM(day) = "+month),
		"INSERT INTO "+aside+" SELECT * FROM cdr_sum WHERE toYYYYMM(time) = "+month+" AND grain <> 'batch' AND toDate(time) IN ("+retiredDays+")",
	)
	for _, statement := range statements {
		if err := s.db.conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	var rows uint64
	if err := s.db.conn.QueryRow(ctx, "SELECT count() FROM "+aside).Scan(&rows); err != nil {
		return err
	}
	if rows == 0 {
		return s.db.conn.Exec(ctx, "ALTER TABLE cdr_sum DROP PARTITION "+month)
	}
	return s.db.conn.Exec(ctx, "ALTER TABLE cdr_sum REPLACE PARTITION "+month+" FROM "+aside)
}
