package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// limitsChannel is what proxies listen to: its messages are the ids of accounts whose calls are to ask again.
const limitsChannel = "trunkline_limits"

// lockAccount precedes every statement that changes holds, limits or the balance of an account. The statement after it
// has a snapshot of its own, which sees all that the former owner of the lock did.
const lockAccount = `SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE`

// change does one thing to the limits of an account, logs it, and tells the proxies.
func (l *Ledger) change(ctx context.Context, t ledger.Target, what, detail string, do func(pgx.Tx) error) error {
	if err := t.Validate(); err != nil {
		return err
	}
	account := t.Account.String()
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, lockAccount, account)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ledger.ErrNoAccount
		}
		if err := do(tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account SET rules = rules + 1 WHERE id = $1`, account); err != nil { // Quotas are to be given back.
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO limit_log (account, scope, owner, what, detail, reason, done_by, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			account, string(t.Scope), t.Owner, what, detail, t.Reason, t.By, l.clock.Now())
		if err != nil {
			return err
		}
		return notify(ctx, tx, t.Account)
	})
	if err != nil {
		return fmt.Errorf("%s limit of %s %s of %s: %w", what, t.Scope, t.Owner, t.Account, err)
	}
	return nil
}

// notify tells the proxies, when the transaction is committed, that calls of an account are to ask again.
func notify(ctx context.Context, tx pgx.Tx, account ledger.Account) error {
	if _, err := tx.Exec(ctx, `SELECT pg_notify($1, $2)`, limitsChannel, account.String()); err != nil {
		return fmt.Errorf("tell the proxies: %w", err)
	}
	return nil
}

// SetLimit sets caps by hand, which go before the provisioned ones; no caps takes back what was set. It is in force for
// every reservation after it. It may be repeated.
func (l *Ledger) SetLimit(ctx context.Context, t ledger.Target, p ledger.Period, caps ledger.Caps) error {
	if caps.Negative() {
		return fmt.Errorf("%w: a cap below zero", ledger.ErrLimit)
	}
	if caps.IsZero() {
		return l.change(ctx, t, "clear", string(p), func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM limit_setting WHERE account = $1 AND scope = $2 AND owner = $3 AND period = $4`,
				t.Account.String(), string(t.Scope), t.Owner, string(p))
			return err
		})
	}
	return l.change(ctx, t, "set", string(p)+": "+caps.String(), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO limit_setting (account, scope, owner, period, money, seconds, calls) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (account, scope, owner, period) DO UPDATE SET money = excluded.money, seconds = excluded.seconds, calls = excluded.calls`,
			t.Account.String(), string(t.Scope), t.Owner, string(p), micros(caps.Money), caps.Seconds, caps.Calls)
		return err
	})
}

func micros(a *money.Amount) *int64 {
	if a == nil {
		return nil
	}
	v := a.Micros()
	return &v
}

// RaiseLimit adds to the caps of the period that a counter names, and of that one only.
func (l *Ledger) RaiseLimit(ctx context.Context, t ledger.Target, c ledger.Counter, by ledger.Use) error {
	if by.IsZero() || by.Money.Sign() < 0 || by.Seconds < 0 || by.Calls < 0 {
		return fmt.Errorf("%w: raise it by something above zero", ledger.ErrLimit)
	}
	detail := fmt.Sprintf("%s from %s: money %s, %d s, %d calls", c.Period, c.Start.Format(time.RFC3339), by.Money, by.Seconds, by.Calls)
	return l.change(ctx, t, "raise", detail, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO limit_counter AS l (account, scope, owner, period, starts, raised_money, raised_seconds, raised_calls)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, scope, owner, period, starts) DO UPDATE SET
			raised_money = l.raised_money + $6, raised_seconds = l.raised_seconds + $7, raised_calls = l.raised_calls + $8`,
			t.Account.String(), string(t.Scope), t.Owner, string(c.Period), c.Start, by.Money.Micros(), by.Seconds, by.Calls)
		return err
	})
}

// ResetLimit sets aside what was used in the period that a counter names: it counts from zero again. What is held for
// calls in progress still counts.
func (l *Ledger) ResetLimit(ctx context.Context, t ledger.Target, c ledger.Counter) error {
	return l.change(ctx, t, "reset", fmt.Sprintf("%s from %s", c.Period, c.Start.Format(time.RFC3339)), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE limit_counter SET aside_money = used_money, aside_seconds = used_seconds, aside_calls = used_calls
			WHERE account = $1 AND scope = $2 AND owner = $3 AND period = $4 AND starts = $5`,
			t.Account.String(), string(t.Scope), t.Owner, string(c.Period), c.Start)
		return err
	})
}

// Block stops a branch, an extension or a destination from spending, or lets it go on: calls that cost anything are
// refused, and those in progress end within a second. It may be repeated.
func (l *Ledger) Block(ctx context.Context, t ledger.Target, blocked bool) error {
	switch t.Scope {
	case ledger.BranchScope, ledger.ExtensionScope, ledger.DestinationScope:
	case ledger.TenantScope:
		return fmt.Errorf("%w: suspend the account of a tenant", ledger.ErrLimit)
	}
	if !blocked {
		return l.change(ctx, t, "unblock", "", func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM spending_block WHERE account = $1 AND scope = $2 AND owner = $3`,
				t.Account.String(), string(t.Scope), t.Owner)
			return err
		})
	}
	return l.change(ctx, t, "block", "", func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO spending_block (account, scope, owner, reason, since) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (account, scope, owner) DO UPDATE SET reason = excluded.reason`,
			t.Account.String(), string(t.Scope), t.Owner, t.Reason, l.clock.Now())
		return err
	})
}

// Suspend stops an account, or lets it go on: calls that cost anything are refused, and those in progress end within a
// second. It may be repeated.
func (l *Ledger) Suspend(ctx context.Context, account ledger.Account, suspended bool, reason, by string) error {
	what := "resume"
	if suspended {
		what = "suspend"
	}
	t := ledger.Target{Account: account, Scope: ledger.TenantScope, Reason: reason, By: by}
	return l.change(ctx, t, what, "", func(tx pgx.Tx) error {
		kept := ""
		if suspended {
			kept = reason
		}
		_, err := tx.Exec(ctx, `UPDATE account SET suspended = $2, reason = $3 WHERE id = $1`, account.String(), suspended, kept)
		return err
	})
}

// Limits returns what was set by hand for the calls of an account, and the log of it.
func (l *Ledger) Limits(ctx context.Context, account ledger.Account) (ledger.LimitState, error) {
	var s ledger.LimitState
	var err error
	if s.Settings, err = l.settings(ctx, account); err == nil {
		if s.Blocks, err = l.blocks(ctx, account); err == nil {
			s.Changes, err = l.limitLog(ctx, account)
		}
	}
	if err != nil {
		return s, fmt.Errorf("limits of %s: %w", account, err)
	}
	return s, nil
}

func (l *Ledger) settings(ctx context.Context, account ledger.Account) ([]ledger.Setting, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT scope, owner, period, money, seconds, calls FROM limit_setting WHERE account = $1 ORDER BY scope, owner, period`, account.String())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Setting, error) {
		var s ledger.Setting
		var micros *int64
		err := row.Scan(&s.Scope, &s.Owner, &s.Period, &micros, &s.Caps.Seconds, &s.Caps.Calls)
		if micros != nil {
			amount := money.FromMicros(*micros)
			s.Caps.Money = &amount
		}
		return s, err
	})
}

func (l *Ledger) blocks(ctx context.Context, account ledger.Account) ([]ledger.Block, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT scope, owner, reason, since FROM spending_block WHERE account = $1 ORDER BY scope, owner`, account.String())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.Block, error) {
		var b ledger.Block
		err := row.Scan(&b.Scope, &b.Owner, &b.Reason, &b.Since)
		b.Since = b.Since.UTC()
		return b, err
	})
}

func (l *Ledger) limitLog(ctx context.Context, account ledger.Account) ([]ledger.LimitChange, error) {
	rows, err := l.db.pool.Query(ctx, `SELECT scope, owner, what, detail, reason, done_by, done_at FROM limit_log WHERE account = $1 ORDER BY id DESC LIMIT $2`,
		account.String(), MaxLines)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ledger.LimitChange, error) {
		c := ledger.LimitChange{Target: ledger.Target{Account: account}}
		err := row.Scan(&c.Scope, &c.Owner, &c.What, &c.Detail, &c.Reason, &c.By, &c.At)
		c.At = c.At.UTC()
		return c, err
	})
}

// Listen calls changed with every account whose calls are to ask again because their limits, their money or their
// suspension changed, and with nil at the start of every connection, because what happened while there was none is not
// told. It returns when ctx ends or the connection breaks.
func (l *Ledger) Listen(ctx context.Context, changed func(*ledger.Account)) error {
	conn, err := l.db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen for changes of limits: %w", err)
	}
	own := conn.Hijack() // A connection that listens is not to go back into the pool.
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	if _, err := own.Exec(ctx, "LISTEN "+limitsChannel); err != nil {
		return fmt.Errorf("listen for changes of limits: %w", err)
	}
	changed(nil)
	for {
		n, err := own.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen for changes of limits: %w", errors.Join(err, ctx.Err()))
		}
		if account, err := ledger.ParseAccount(n.Payload); err == nil {
			changed(&account)
		}
	}
}
