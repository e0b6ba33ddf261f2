package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/access"
)

// sessionsMost bounds the sessions of one user; the oldest end.
const sessionsMost = 20

// Begin implements access.Sessions. Sessions that are over are forgotten on the way.
func (a *Access) Begin(ctx context.Context, hash []byte, s access.Session) error {
	err := a.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM person_session WHERE till < $2 OR login = $1 AND hash IN
			(SELECT hash FROM person_session WHERE login = $1 ORDER BY seen_at DESC OFFSET $3)`, s.Login, s.Made, sessionsMost-1)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO person_session (hash, id, login, made_at, seen_at, till, source, agent) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			hash, s.ID, s.Login, s.Made, s.Seen, s.Till, s.Source, s.Agent)
		return err
	})
	return found(err, "begin a session")
}

// Session implements access.Sessions.
func (a *Access) Session(ctx context.Context, hash []byte, now time.Time) (s access.Session, u access.User, err error) {
	fields := append([]any{&s.ID, &s.Login, &s.Made, &s.Seen, &s.Till, &s.Source, &s.Agent}, personFields(&u)...)
	err = a.db.pool.QueryRow(ctx, `SELECT s.id, s.login, s.made_at, s.seen_at, s.till, s.source, s.agent, `+personColumns+`
		FROM person_session s JOIN person p USING (login) WHERE s.hash = $1 AND s.till > $2`, hash, now).Scan(fields...)
	utc(&u)
	return s, u, found(err, "session")
}

// Touch implements access.Sessions.
func (a *Access) Touch(ctx context.Context, hash []byte, seen, till time.Time) error {
	_, err := a.db.pool.Exec(ctx, `UPDATE person_session SET seen_at = $2, till = $3 WHERE hash = $1`, hash, seen, till)
	return found(err, "note the use of a session")
}

// End implements access.Sessions.
func (a *Access) End(ctx context.Context, login, id, but string) error {
	_, err := a.db.pool.Exec(ctx, `DELETE FROM person_session WHERE login = $1 AND ($2 = '' OR id = $2) AND id <> $3`, login, id, but)
	return found(err, "end sessions of "+login)
}

// AddKey implements access.Keys.
func (a *Access) AddKey(ctx context.Context, hash []byte, k access.Key) error {
	scopes := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		scopes[i] = string(s)
	}
	_, err := a.db.pool.Exec(ctx, `INSERT INTO api_key (id, hash, login, name, scopes, made_at, till) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		k.ID, hash, k.Login, k.Name, scopes, k.Made, orNull(k.Till))
	return found(err, "key "+k.Name)
}

const keyColumns = `k.id, k.login, k.name, k.scopes, k.made_at, coalesce(k.till, '0001-01-01 00:00:00+00'),
	coalesce(k.used_at, '0001-01-01 00:00:00+00'), coalesce(k.revoked_at, '0001-01-01 00:00:00+00')`

func keyFields(k *access.Key) []any {
	return []any{&k.ID, &k.Login, &k.Name, &k.Scopes, &k.Made, &k.Till, &k.Used, &k.Revoked}
}

func keyUTC(k *access.Key) {
	for _, t := range []*time.Time{&k.Made, &k.Till, &k.Used, &k.Revoked} {
		*t = t.UTC()
	}
}

// keyUse is how exactly the use of a key is noted.
const keyUse = 5 * time.Minute

// Key implements access.Keys.
func (a *Access) Key(ctx context.Context, hash []byte, now time.Time) (k access.Key, u access.User, err error) {
	err = a.db.pool.QueryRow(ctx, `SELECT `+keyColumns+`, `+personColumns+` FROM api_key k JOIN person p USING (login) WHERE k.hash = $1`, hash).
		Scan(append(keyFields(&k), personFields(&u)...)...)
	if err != nil {
		return k, u, found(err, "key")
	}
	keyUTC(&k)
	utc(&u)
	if now.Sub(k.Used) > keyUse {
		if _, err := a.db.pool.Exec(ctx, `UPDATE api_key SET used_at = $2 WHERE hash = $1`, hash, now); err != nil {
			return k, u, fmt.Errorf("note the use of a key: %w", err)
		}
	}
	return k, u, nil
}

// Keys implements access.Keys.
func (a *Access) Keys(ctx context.Context, login string) ([]access.Key, error) {
	rows, err := a.db.pool.Query(ctx, `SELECT `+keyColumns+` FROM api_key k WHERE $1 = '' OR login = $1 ORDER BY made_at, id`, login)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k access.Key, err error) {
		err = row.Scan(keyFields(&k)...)
		keyUTC(&k)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return keys, nil
}

// Revoke implements access.Keys.
func (a *Access) Revoke(ctx context.Context, login, id string, at time.Time) error {
	tag, err := a.db.pool.Exec(ctx, `UPDATE api_key SET revoked_at = coalesce(revoked_at, $3) WHERE id = $2 AND ($1 = '' OR login = $1)`, login, id, at)
	if err == nil && tag.RowsAffected() == 0 {
		err = access.ErrNotFound
	}
	return found(err, "key "+id)
}

// Answered is a write that was answered, or is being answered (Status 0), under an Idempotency-Key.
type Answered struct {
	Request []byte // Hash of it.
	Status  int
	Header  string
	Body    []byte
}

// answeredLast is how long answers are kept.
const answeredLast = 24 * time.Hour

// Claim begins a write under a key of its sender. A key that was used returns what was answered, and false.
func (a *Access) Claim(ctx context.Context, who, key string, request []byte) (Answered, bool, error) {
	now := a.clock.Now()
	_, err := a.db.pool.Exec(ctx, `DELETE FROM answered WHERE at < $1`, now.Add(-answeredLast))
	if err != nil {
		return Answered{}, false, fmt.Errorf("forget old answers: %w", err)
	}
	tag, err := a.db.pool.Exec(ctx, `INSERT INTO answered (who, key, request, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, who, key, request, now)
	if err != nil {
		return Answered{}, false, fmt.Errorf("claim a key: %w", err)
	}
	if tag.RowsAffected() == 1 {
		return Answered{}, true, nil
	}
	var was Answered
	err = a.db.pool.QueryRow(ctx, `SELECT request, coalesce(status, 0), header, coalesce(body, '') FROM answered WHERE who = $1 AND key = $2`, who, key).
		Scan(&was.Request, &was.Status, &was.Header, &was.Body)
	if errors.Is(err, pgx.ErrNoRows) { // It was forgotten just now.
		return Answered{}, false, nil
	}
	return was, false, found(err, "read an answer")
}

// Answer keeps what a write under a key was answered; with status 0 the key is free again.
func (a *Access) Answer(ctx context.Context, who, key string, status int, header string, body []byte) error {
	var err error
	if status == 0 {
		_, err = a.db.pool.Exec(ctx, `DELETE FROM answered WHERE who = $1 AND key = $2`, who, key)
	} else {
		_, err = a.db.pool.Exec(ctx, `UPDATE answered SET status = $3, header = $4, body = $5 WHERE who = $1 AND key = $2`, who, key, status, header, body)
	}
	return found(err, "keep an answer")
}
