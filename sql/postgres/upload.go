package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/access"
)

const (
	uploadLast  = 24 * time.Hour
	uploadsMost = 10 // Of one sender; older ones are forgotten.
)

// KeepUpload keeps a file for a day, under an id, for who sent it.
func (a *Access) KeepUpload(ctx context.Context, id, by, name string, content []byte) error {
	now := a.clock.Now()
	err := a.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM upload WHERE at < $1 OR by_whom = $2 AND id IN
			(SELECT id FROM upload WHERE by_whom = $2 ORDER BY at DESC OFFSET $3)`, now.Add(-uploadLast), by, uploadsMost-1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO upload (id, by_whom, name, content, at) VALUES ($1, $2, $3, $4, $5)`, id, by, name, content, now)
		return err
	})
	return found(err, "keep a file")
}

// Upload returns a file that was kept for somebody; access.ErrNotFound.
func (a *Access) Upload(ctx context.Context, id, by string) (name string, content []byte, err error) {
	err = a.db.pool.QueryRow(ctx, `SELECT name, content FROM upload WHERE id = $1 AND by_whom = $2`, id, by).Scan(&name, &content)
	if errors.Is(err, pgx.ErrNoRows) {
		err = access.ErrNotFound
	}
	return name, content, err
}
