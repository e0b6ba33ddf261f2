package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"trunkline/provision"
)

// provisionChannel is what listeners of provisioning listen to.
const provisionChannel = "trunkline_provision"

// ErrRevision is returned when what is to be changed was changed by somebody else meanwhile.
var ErrRevision = errors.New("the provisioning was changed meanwhile: look at the changes again")

// Provision stores what an operator sets up.
type Provision struct {
	pool *pgxpool.Pool
}

// NewProvision returns the store on a database whose migrations have run.
func NewProvision(pool *pgxpool.Pool) *Provision { return &Provision{pool} }

// Provisioned is the state of the store at one revision.
type Provisioned struct {
	Revision int64
	Objects  []provision.Object
	Files    map[string][]byte
	Past     *provision.Past // Of tariffs and decks.
}

// Bundle puts what is stored together, with its past.
func (p *Provisioned) Bundle() (*provision.Bundle, error) {
	b, err := provision.NewBundle(p.Objects, p.Files)
	if err == nil {
		b.Past = p.Past
	}
	return b, err
}

// Load reads everything, in one snapshot of the database.
func (p *Provision) Load(ctx context.Context) (*Provisioned, error) {
	out := &Provisioned{Files: make(map[string][]byte)}
	opts := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, p.pool, opts, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT revision FROM provision_revision`).Scan(&out.Revision); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT kind, id, spec FROM provision_object ORDER BY kind, id`)
		if err != nil {
			return err
		}
		out.Objects, err = pgx.CollectRows(rows, pgx.RowToStructByPos[provision.Object])
		if err != nil {
			return err
		}
		if out.Past, err = p.loadPast(ctx, tx); err != nil {
			return err
		}
		out.Past.Revision = out.Revision
		return loadFiles(ctx, tx, out.Files)
	})
	if err != nil {
		return nil, fmt.Errorf("load the provisioning: %w", err)
	}
	return out, nil
}

// Objects reads the objects of a kind by id, or only the one of an id where one is given.
func (p *Provision) Objects(ctx context.Context, kind provision.Kind, id string) ([]provision.Object, error) {
	rows, err := p.pool.Query(ctx, `SELECT kind, id, spec FROM provision_object WHERE kind = $1 AND ($2 = '' OR id = $2) ORDER BY id`, kind, id)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	objects, err := pgx.CollectRows(rows, pgx.RowToStructByPos[provision.Object])
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", kind, err)
	}
	return objects, nil
}

// File reads what a file holds; nil: there is none of the name.
func (p *Provision) File(ctx context.Context, name string) (content []byte, err error) {
	err = p.pool.QueryRow(ctx, `SELECT b.content FROM provision_file f JOIN provision_blob b USING (sha256) WHERE f.name = $1`, name).Scan(&content)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return content, nil
}

func loadFiles(ctx context.Context, tx pgx.Tx, files map[string][]byte) error {
	rows, err := tx.Query(ctx, `SELECT f.name, b.content FROM provision_file f JOIN provision_blob b USING (sha256)`)
	if err != nil {
		return err
	}
	var name string
	var content []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &content}, func() error {
		files[name] = append([]byte(nil), content...)
		return nil
	})
	return err
}

// Save stores changes that were computed against a revision and opens the accounts that they need, all or nothing, and tells the
// listeners. It returns the
// new revision, or ErrRevision when base is not the last one any more; then nothing is stored.
func (p *Provision) Save(ctx context.Context, base int64, c *provision.Changes, at time.Time, by string) (int64, error) {
	revision := base + 1
	err := pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE provision_revision SET revision = $2 WHERE revision = $1`, base, revision)
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return ErrRevision
		}
		batch := &pgx.Batch{}
		for _, o := range c.Put {
			queuePut(batch, o, revision, at, by)
		}
		for _, o := range c.Drop {
			queueDrop(batch, o, revision, at, by)
		}
		for name, data := range c.Files {
			sum := sha256.Sum256(data)
			batch.Queue(`INSERT INTO provision_blob (sha256, content) VALUES ($1, $2) ON CONFLICT DO NOTHING`, sum[:], data)
			batch.Queue(`INSERT INTO provision_file (name, sha256, revision) VALUES ($1, $2, $3)
				ON CONFLICT (name) DO UPDATE SET sha256 = $2, revision = $3`, name, sum[:], revision)
			batch.Queue(`INSERT INTO provision_file_history (name, revision, sha256, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5)`,
				name, revision, sum[:], at, by)
		}
		queueWithdrawals(batch, c.Withdraw, at, by)
		queueApplied(batch, c.Applied, at)
		batch.Queue(`SELECT pg_notify($1, $2)`, provisionChannel, strconv.FormatInt(revision, 10))
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		return openAccounts(ctx, tx, c, at)
	})
	if err != nil {
		return 0, fmt.Errorf("store the provisioning: %w", err)
	}
	return revision, nil
}

func queuePut(b *pgx.Batch, o provision.Object, revision int64, at time.Time, by string) {
	b.Queue(`INSERT INTO provision_history (revision, kind, id, before, after, changed_at, changed_by)
		VALUES ($1, $2, $3, (SELECT spec FROM provision_object WHERE kind = $2 AND id = $3), $4, $5, $6)`,
		revision, o.Kind, o.ID, o.Spec, at, by)
	b.Queue(`INSERT INTO provision_object (kind, id, spec, revision, changed_at, changed_by) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (kind, id) DO UPDATE SET spec = $3, revision = $4, changed_at = $5, changed_by = $6`,
		o.Kind, o.ID, o.Spec, revision, at, by)
}

func queueDrop(b *pgx.Batch, o provision.Object, revision int64, at time.Time, by string) {
	b.Queue(`INSERT INTO provision_history (revision, kind, id, before, after, changed_at, changed_by)
		SELECT $1, kind, id, spec, NULL, $4, $5 FROM provision_object WHERE kind = $2 AND id = $3`,
		revision, o.Kind, o.ID, at, by)
	b.Queue(`DELETE FROM provision_object WHERE kind = $1 AND id = $2`, o.Kind, o.ID)
}

// FileVersion is what a file held from a revision on.
type FileVersion struct {
	Revision int64
	At       time.Time
	By       string
	SHA256   string // SHA-256 of the content, in hex.
}

// fileVersionsMost bounds the versions of a file that are listed.
const fileVersionsMost = 1000

// FileVersions lists the contents that a file had, the newest first; those before the thousand last ones are left out.
func (p *Provision) FileVersions(ctx context.Context, name string) ([]FileVersion, error) {
	rows, err := p.pool.Query(ctx, `SELECT revision, changed_at, changed_by, encode(sha256, 'hex') FROM provision_file_history
		WHERE name = $1 ORDER BY revision DESC LIMIT $2`, name, fileVersionsMost)
	if err != nil {
		return nil, fmt.Errorf("versions of %s: %w", name, err)
	}
	versions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[FileVersion])
	if err != nil {
		return nil, fmt.Errorf("versions of %s: %w", name, err)
	}
	return versions, nil
}

// FileAt returns what a file held from a revision on, or nil where no version of it has the revision.
func (p *Provision) FileAt(ctx context.Context, name string, revision int64) ([]byte, error) {
	var content []byte
	err := p.pool.QueryRow(ctx, `SELECT b.content FROM provision_file_history h JOIN provision_blob b USING (sha256)
		WHERE h.name = $1 AND h.revision = $2`, name, revision).Scan(&content)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // There is none.
	}
	if err != nil {
		return nil, fmt.Errorf("version %d of %s: %w", revision, name, err)
	}
	return content, nil
}

// Listen calls changed every time the provisioning was stored, and once at the start of every connection, because
// what happened while there was none is not told. It returns when ctx ends or the connection breaks.
func (p *Provision) Listen(ctx context.Context, changed func()) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen for changes of the provisioning: %w", err)
	}
	own := conn.Hijack() // A connection that listens is not to go back into the pool.
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	if _, err := own.Exec(ctx, "LISTEN "+provisionChannel); err != nil {
		return fmt.Errorf("listen for changes of the provisioning: %w", err)
	}
	changed()
	for {
		if _, err := own.WaitForNotification(ctx); err != nil {
			return fmt.Errorf("listen for changes of the provisioning: %w", err)
		}
		changed()
	}
}
