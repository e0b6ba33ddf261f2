package clickhouse

import (
	"context"
	"fmt"

	"trunkline/cdr"
)

// columnsSQL are the columns of a record, as the driver reads them.
const columnsSQL = "SELECT * EXCEPT (duration_us, pdd_us) REPLACE (CAST(kind AS Int8) AS kind, CAST(direction AS Int8) AS direction, CAST(released_by AS Int8) AS released_by) FROM cdr WHERE "

// EachRecord calls do with every record that the filter wants, in the order of their slots and setups, without holding them
// in memory. The record is used again after do has returned. The filter's limit and offset are not looked at.
func (s *Store) EachRecord(ctx context.Context, f Filter, do func(*cdr.Record) error) (err error) {
	where, err := f.condition()
	if err != nil {
		return err
	}
	rows, err := s.db.conn.Query(ctx, columnsSQL+where.String()+" ORDER BY tenant, slot, setup, call, seq, sign", where.args...)
	if err != nil {
		return fmt.Errorf("read calls: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.ScanStruct(&r); err != nil {
			return fmt.Errorf("read calls: %w", err)
		}
		var record cdr.Record
		if err := r.record(&record); err != nil {
			return fmt.Errorf("call %s: %w", r.Call, err)
		}
		if err := do(&record); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read calls: %w", err)
	}
	return nil
}
