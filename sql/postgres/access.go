package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"trunkline/access"
	"trunkline/internal/clock"
)

// Access keeps who signs in, and what was done. It is safe for concurrent use.
type Access struct {
	db    *DB
	clock clock.Clock
}

// NewAccess returns the store on a database whose migrations have run.
func NewAccess(db *DB, c clock.Clock) *Access { return &Access{db, c} }

const personColumns = `p.login, p.name, p.email, p.role, p.tenant, p.branch, p.language, p.disabled, p.totp <> '', p.made_at, p.changed_at,
	coalesce(p.signed_in_at, '0001-01-01 00:00:00+00'), coalesce(p.locked_until, '0001-01-01 00:00:00+00')`

func personFields(u *access.User) []any {
	return []any{
		&u.Login, &u.Name, &u.Email, &u.Role, &u.Tenant, &u.Branch, &u.Language, &u.Disabled, &u.TOTP, &u.Made, &u.Changed, &u.SignedIn, &u.Locked,
	}
}

// utc brings the times of a user to UTC, so that those that were never set are zero again.
func utc(u *access.User) {
	for _, t := range []*time.Time{&u.Made, &u.Changed, &u.SignedIn, &u.Locked} {
		*t = t.UTC()
	}
}

func secretFields(s *access.Secrets) []any {
	return []any{&s.Password, &s.TOTP, &s.Pending, &s.Step, &s.Failures}
}

// User implements access.Users.
func (a *Access) User(ctx context.Context, login string) (u access.User, s access.Secrets, err error) {
	err = a.db.pool.QueryRow(ctx, `SELECT `+personColumns+`, password, totp, totp_pending, totp_step, failures FROM person p WHERE login = $1`, login).
		Scan(append(personFields(&u), secretFields(&s)...)...)
	utc(&u)
	return u, s, found(err, "user "+login)
}

// found turns "no rows" into access.ErrNotFound.
func found(err error, what string) error {
	if errors.Is(err, pgx.ErrNoRows) {
		err = access.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Users implements access.Users.
func (a *Access) Users(ctx context.Context, tenant string) ([]access.User, error) {
	rows, err := a.db.pool.Query(ctx, `SELECT `+personColumns+` FROM person p WHERE $1 = '' OR tenant = $1 ORDER BY login`, tenant)
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	users, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u access.User, err error) {
		err = row.Scan(personFields(&u)...)
		utc(&u)
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	return users, nil
}

// duplicateKey is PostgreSQL's unique_violation.
const duplicateKey = "23505"

// PutUser implements access.Users.
func (a *Access) PutUser(ctx context.Context, u access.User, create bool, change func(*access.Secrets) error) error {
	err := a.db.inTx(ctx, func(tx pgx.Tx) error {
		if create {
			if err := addUser(ctx, tx, &u); err != nil {
				return err
			}
		}
		// All operators are locked in one order, so that two of them cannot take each other away at once.
		if _, err := tx.Exec(ctx, `SELECT 1 FROM person WHERE role = 'operator' OR login = $1 ORDER BY login FOR UPDATE`, u.Login); err != nil {
			return err
		}
		was, err := changeUser(ctx, tx, &u, change)
		if err != nil || !was || u.Role == access.Operator && !u.Disabled {
			return err
		}
		var operators int
		err = tx.QueryRow(ctx, `SELECT count(*) FROM person WHERE role = 'operator' AND NOT disabled`).Scan(&operators)
		if err == nil && operators == 0 {
			err = access.ErrLastOne
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("user %s: %w", u.Login, err)
	}
	return nil
}

func addUser(ctx context.Context, tx pgx.Tx, u *access.User) error {
	_, err := tx.Exec(ctx, `INSERT INTO person (login, name, email, role, tenant, branch, language, made_at, changed_at)
		VALUES ($1, '', '', $2, $3, $4, '', $5, $5)`, u.Login, u.Role, u.Tenant, u.Branch, u.Made)
	if known, ok := errors.AsType[*pgconn.PgError](err); ok && known.Code == duplicateKey {
		return access.ErrExists
	}
	return err
}

// changeUser stores what is told of a user, and their secrets as they are to be. It reports whether they were an operator who may
// sign in.
func changeUser(ctx context.Context, tx pgx.Tx, u *access.User, change func(*access.Secrets) error) (was bool, err error) {
	var s access.Secrets
	err = tx.QueryRow(ctx, `SELECT role = 'operator' AND NOT disabled, password, totp, totp_pending, totp_step, failures FROM person WHERE login = $1`, u.Login).
		Scan(append([]any{&was}, secretFields(&s)...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, access.ErrNotFound
	}
	if err != nil {
		return false, err
	}
	if err := change(&s); err != nil {
		return was, err
	}
	_, err = tx.Exec(ctx, `UPDATE person SET name = $2, email = $3, role = $4, tenant = $5, branch = $6, language = $7, disabled = $8,
		changed_at = $9, password = $10, totp = $11, totp_pending = $12, totp_step = $13, failures = $14,
		locked_until = CASE WHEN $14 = 0 THEN NULL ELSE locked_until END WHERE login = $1`,
		u.Login, u.Name, u.Email, u.Role, u.Tenant, u.Branch, u.Language, u.Disabled, u.Changed,
		s.Password, s.TOTP, s.Pending, s.Step, s.Failures)
	return was, err
}

// Count implements access.Users.
func (a *Access) Count(ctx context.Context, login string, success bool, step int64, lock access.Lock) (bool, error) {
	now := a.clock.Now()
	if !success {
		_, err := a.db.pool.Exec(ctx, `UPDATE person SET failures = CASE WHEN failures + 1 >= $2 THEN 0 ELSE failures + 1 END,
			locked_until = CASE WHEN failures + 1 >= $2 THEN $3::timestamptz ELSE locked_until END WHERE login = $1`, login, lock.After, now.Add(lock.For))
		return true, found(err, "count a failure of "+login)
	}
	tag, err := a.db.pool.Exec(ctx, `UPDATE person SET failures = 0, locked_until = NULL, signed_in_at = $3, totp_step = greatest(totp_step, $2)
		WHERE login = $1 AND ($2 = 0 OR totp_step < $2)`, login, step, now)
	return tag.RowsAffected() == 1, found(err, "count a sign-in of "+login)
}

// AddLink implements access.Links.
func (a *Access) AddLink(ctx context.Context, hash []byte, login string, till time.Time) error {
	_, err := a.db.pool.Exec(ctx, `INSERT INTO person_link (hash, login, till) VALUES ($1, $2, $3)`, hash, login, till)
	return found(err, "link for "+login)
}

// UseLink implements access.Links. With the link all others of its user are spent.
func (a *Access) UseLink(ctx context.Context, hash []byte, now time.Time) (login string, err error) {
	err = a.db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `UPDATE person_link SET used_at = $2 WHERE hash = $1 AND used_at IS NULL AND till > $2 RETURNING login`, hash, now).Scan(&login)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM person_link WHERE login = $1 AND hash <> $2 OR till < $3`, login, hash, now.Add(-30*24*time.Hour))
		return err
	})
	return login, found(err, "use a link")
}

// PeekLink implements access.Links.
func (a *Access) PeekLink(ctx context.Context, hash []byte, now time.Time) (login string, err error) {
	err = a.db.pool.QueryRow(ctx, `SELECT l.login FROM person_link l JOIN person p USING (login)
		WHERE l.hash = $1 AND l.used_at IS NULL AND l.till > $2 AND NOT p.disabled`, hash, now).Scan(&login)
	return login, found(err, "look at a link")
}
