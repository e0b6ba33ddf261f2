package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// BaseBackup streams the whole server as a tar archive, with the write-ahead log that makes it consistent, over the replication
// protocol (PostgreSQL 15 or later), as pg_basebackup does. dsn is of a role that may replicate. told is called with the bytes so
// far. Tablespaces are refused. Calls go on meanwhile.
func BaseBackup(ctx context.Context, dsn string, out io.Writer, told func(bytes int64)) (err error) {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	config.RuntimeParams["replication"] = "true"
	config.RuntimeParams["application_name"] = "trunkline backup"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	conn.Frontend().Send(&pgproto3.Query{String: `BASE_BACKUP (LABEL 'trunkline', CHECKPOINT 'fast', WAL true, MANIFEST 'no', PROGRESS true)`})
	if err := conn.Frontend().Flush(); err != nil {
		return fmt.Errorf("base backup: %w", err)
	}
	s := baseStream{out: out, told: told}
	for {
		message, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return fmt.Errorf("base backup: %w", err)
		}
		switch m := message.(type) {
		case *pgproto3.CopyData:
			if err := s.take(m.Data); err != nil {
				return fmt.Errorf("base backup: %w", err)
			}
		case *pgproto3.ErrorResponse:
			return fmt.Errorf("base backup: %w", pgconn.ErrorResponseToPgError(m))
		case *pgproto3.ReadyForQuery:
			if s.archives != 1 {
				return fmt.Errorf("base backup: the server sent %d archives instead of one: tablespaces are not supported", s.archives)
			}
			return nil
		}
	}
}

// baseStream takes what the server sends of a base backup (PostgreSQL's protocol, section 55.4).
type baseStream struct {
	out      io.Writer
	told     func(int64)
	archives int
	bytes    int64
}

func (s *baseStream) take(data []byte) error {
	if len(data) == 0 {
		return errors.New("an empty message")
	}
	switch kind, rest := data[0], data[1:]; kind {
	case 'n':
		s.archives++
		name, _, _ := bytes.Cut(rest, []byte{0})
		if s.archives > 1 || !strings.HasPrefix(string(name), "base.tar") {
			return fmt.Errorf("archive %q: tablespaces are not supported", name)
		}
	case 'd':
		n, err := s.out.Write(rest)
		s.bytes += int64(n)
		return err
	case 'p':
		if len(rest) == 8 {
			s.told(int64(binary.BigEndian.Uint64(rest))) //nolint:gosec // Bytes of a database.
		}
	case 'm':
	default:
		return fmt.Errorf("a message of unknown kind %q", kind)
	}
	return nil
}
