package clickhouse

import (
	"context"
	"fmt"

	driver "github.com/ClickHouse/clickhouse-go/v2"
)

// Backup writes the database to a file on the server's disk by ClickHouse's own BACKUP; the server has to allow its folder. Calls go
// on meanwhile.
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.statement(ctx, "BACKUP DATABASE %s TO File(%s)", file); err != nil {
		return fmt.Errorf("backup of ClickHouse: %w", err)
	}
	return nil
}

// Restore brings back what Backup wrote, into a database without tables.
func (s *Store) Restore(ctx context.Context, file string) error {
	if err := s.statement(ctx, "RESTORE DATABASE %s FROM File(%s)", file); err != nil {
		return fmt.Errorf("restore of ClickHouse: %w", err)
	}
	return nil
}

func (s *Store) statement(ctx context.Context, form, file string) error {
	var database, quoted string
	if err := s.db.conn.QueryRow(ctx, `SELECT currentDatabase(), concat('\'', replaceAll(replaceAll(?, '\\', '\\\\'), '\'', '\\\''), '\'')`, file).Scan(&database, &quoted); err != nil {
		return err
	}
	// A backup may take longer than a question may.
	ctx = driver.Context(ctx, driver.WithSettings(driver.Settings{"max_execution_time": 0}))
	return s.db.conn.Exec(ctx, fmt.Sprintf(form, "`"+database+"`", quoted))
}
