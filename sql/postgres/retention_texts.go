package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"trunkline/cdr/importer"
	"trunkline/reports/retention"
)

func collectNumbers(rows pgx.Rows) ([]int64, error) { return pgx.CollectRows(rows, pgx.RowTo[int64]) }

// lookTexts looks at the texts of imports. They stay as long as they are, and can be read anew.
func lookTexts(ctx context.Context, s *search) error {
	ids, err := s.ids(ctx, `SELECT DISTINCT import FROM import_text ORDER BY import`)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.text(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// text looks at the pieces of one import.
func (s *search) text(ctx context.Context, id int64) error {
	unpacker, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(textMost))
	if err != nil {
		return err
	}
	defer unpacker.Close()
	var tenant string
	if err := s.r.db.pool.QueryRow(ctx, `SELECT tenant FROM import WHERE id = $1`, id).Scan(&tenant); err != nil {
		return err
	}
	rows, err := s.r.db.pool.Query(ctx, `SELECT at FROM import_text WHERE import = $1 ORDER BY at`, id)
	if err != nil {
		return err
	}
	pieces, err := collectNumbers(rows)
	if err != nil {
		return err
	}
	for _, at := range pieces {
		var packed []byte
		if err := s.r.db.pool.QueryRow(ctx, `SELECT packed FROM import_text WHERE import = $1 AND at = $2`, id, at).Scan(&packed); err != nil {
			return err
		}
		text, err := unpacker.DecodeAll(packed, nil)
		if err != nil {
			return err
		}
		if !s.person.In(text) || !s.one(s.held.Covers(tenant, text), time.Time{}) {
			continue
		}
		fresh := s.r.books.packer.EncodeAll(s.person.Out(text), nil)
		if err := s.exec(ctx, `UPDATE import_text SET packed = $3 WHERE import = $1 AND at = $2`, id, at, fresh); err != nil {
			return err
		}
	}
	return nil
}

// lookFaults looks at records that could not be imported. Each is known by a digest, which goes with the text.
func lookFaults(ctx context.Context, s *search) error {
	rows, err := s.r.db.pool.Query(ctx, `SELECT id, tenant, raw, reason FROM import_fault f WHERE `+namedInAny("raw", "reason")+` ORDER BY id`, s.person.Spellings)
	if err != nil {
		return err
	}
	type fault struct {
		ID                  int64
		Tenant, Raw, Reason string
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[fault])
	if err != nil {
		return err
	}
	for _, f := range all {
		if !s.one(s.held.Covers(f.Tenant, []byte(f.Raw)), time.Time{}) {
			continue
		}
		raw := string(s.person.Out([]byte(f.Raw)))
		if err := s.exec(ctx, `UPDATE import_fault SET raw = $2, digest = $3, reason = $4 WHERE id = $1`, f.ID, raw, importer.Digest(raw), string(s.person.Out([]byte(f.Reason)))); err != nil {
			return err
		}
	}
	return nil
}

// namedInAny is the condition for rows that name any of $1 in a column.
func namedInAny(columns ...string) string {
	return named("$1", columns)
}

func named(list string, columns []string) string {
	some := make([]string, len(columns))
	for i, c := range columns {
		some[i] = "strpos(" + c + "::text, w) > 0"
	}
	return "EXISTS (SELECT FROM unnest(" + list + "::text[]) w WHERE " + strings.Join(some, " OR ") + ")"
}

// looker looks at columns of texts.
func looker(table, tenant string, columns ...string) func(context.Context, *search) error {
	held := "(" + tenant + " = ANY ($2::text[]) OR " + named("$3", columns) + ")"
	return func(ctx context.Context, s *search) error {
		args := []any{s.person.Spellings, append([]string{}, s.held.Tenants...), append([]string{}, s.held.Numbers...)}
		if err := s.r.db.pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE `+held+`) FROM `+table+` WHERE `+namedInAny(columns...), args...).
			Scan(&s.found.Rows, &s.found.Held); err != nil || !s.change {
			return err
		}
		for _, spelling := range s.person.Spellings {
			args[0] = []string{spelling}
			set := make([]string, len(columns))
			for i, c := range columns {
				set[i] = fmt.Sprintf("%[1]s = replace(%[1]s, $4, $5)", c)
				if c == "data" {
					set[i] = "data = replace(data::text, $4, $5)::jsonb"
				}
			}
			statement := `UPDATE ` + table + ` SET ` + strings.Join(set, ", ") + ` WHERE ` + namedInAny(columns...) + ` AND NOT ` + held
			if err := s.exec(ctx, statement, append(args, spelling, retention.Mask(spelling))...); err != nil {
				return err
			}
		}
		return nil
	}
}
