package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"trunkline/access"
)

// viewsMost bounds what one person keeps of one page.
const viewsMost = 100

// Views returns what somebody keeps of a page, by name.
func (a *Access) Views(ctx context.Context, login, page string) ([]access.View, error) {
	rows, err := a.db.pool.Query(ctx, `SELECT page, name, query FROM saved_view WHERE login = $1 AND page = $2 ORDER BY name LIMIT $3`, login, page, viewsMost)
	if err != nil {
		return nil, fmt.Errorf("saved views: %w", err)
	}
	views, err := pgx.CollectRows(rows, pgx.RowToStructByPos[access.View])
	if err != nil {
		return nil, fmt.Errorf("saved views: %w", err)
	}
	return views, nil
}

// PutView keeps a view, in the place of the one of its name. An empty query takes it away.
func (a *Access) PutView(ctx context.Context, login string, v access.View) error {
	var err error
	if v.Query == "" {
		_, err = a.db.pool.Exec(ctx, `DELETE FROM saved_view WHERE login = $1 AND page = $2 AND name = $3`, login, v.Page, v.Name)
	} else {
		_, err = a.db.pool.Exec(ctx, `INSERT INTO saved_view (login, page, name, query) VALUES ($1, $2, $3, $4)
			ON CONFLICT (login, page, name) DO UPDATE SET query = $4`, login, v.Page, v.Name, v.Query)
	}
	return found(err, "saved view")
}
