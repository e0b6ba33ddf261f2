package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// pollEvery is how often the server is asked how far it is.
const pollEvery = 200 * time.Millisecond

// Backup writes the database to a file on the server's disk by ClickHouse's own BACKUP; the server has to allow its folder. Calls go
// on meanwhile.
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.background(ctx, "BACKUP DATABASE %s TO File(%s) ASYNC", file); err != nil {
		return fmt.Errorf("backup of ClickHouse: %w", err)
	}
	return nil
}

// Restore brings back what Backup wrote, into a database without tables.
func (s *Store) Restore(ctx context.Context, file string) error {
	if err := s.background(ctx, "RESTORE DATABASE %s FROM File(%s) ASYNC", file); err != nil {
		return fmt.Errorf("restore of ClickHouse: %w", err)
	}
	return nil
}

// background runs a statement that may take longer than a connection waits for an answer: the server works on it by itself, and is asked
// until it is done.
func (s *Store) background(ctx context.Context, form, file string) error {
	var database, quoted string
	if err := s.db.conn.QueryRow(ctx, `SELECT currentDatabase(), concat('\'', replaceAll(replaceAll(?, '\\', '\\\\'), '\'', '\\\''), '\'')`, file).Scan(&database, &quoted); err != nil {
		return err
	}
	var id, status string
	if err := s.db.conn.QueryRow(ctx, fmt.Sprintf(form, "`"+database+"`", quoted)).Scan(&id, &status); err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) {
		var cause string
		if err := s.db.conn.QueryRow(ctx, `SELECT toString(status), error FROM system.backups WHERE id = ?`, id).Scan(&status, &cause); err != nil {
			return false, err
		}
		if strings.HasSuffix(status, "FAILED") || strings.HasSuffix(status, "CANCELLED") {
			return false, fmt.Errorf("%s: %s", strings.ToLower(status), cause)
		}
		return status == "BACKUP_CREATED" || status == "RESTORED", nil
	})
}

// poll asks again and again until the server is done with what it works on by itself, an error, or the end of ctx.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
