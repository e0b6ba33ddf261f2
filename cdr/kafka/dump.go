package kafka

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"trunkline/cdr"
)

// maxMessage bounds what a damaged dump can make us allocate.
const maxMessage = 16 << 20

// Dump writes the messages of a partition from an offset to its end, one behind the other: the key, the length of the value, the
// value. It returns how many there were.
func (a Again) Dump(ctx context.Context, topic string, part int, from int64, out io.Writer) (n int, err error) {
	ends, err := a.bounds(ctx, topic, []int{part})
	if err != nil {
		return 0, err
	}
	buffered := bufio.NewWriter(out)
	err = a.Each(ctx, topic, part, from, ends[part].next, func(m cdr.Message) error {
		var key [16]byte
		copy(key[:], m.Key)
		head := binary.AppendUvarint(key[:], uint64(len(m.Value)))
		if _, err := buffered.Write(head); err != nil {
			return err
		}
		n++
		_, err := buffered.Write(m.Value)
		return err
	})
	return n, errors.Join(err, buffered.Flush())
}

// dumpAtOnce is how many messages are sent at a time.
const dumpAtOnce = 1000

// Load sends what Dump wrote to a topic, and returns how many messages that were.
func Load(ctx context.Context, p *Producer, in io.Reader) (n int, err error) {
	r := bufio.NewReader(in)
	var letters []cdr.Envelope
	send := func() error {
		if len(letters) == 0 {
			return nil
		}
		err := p.Send(ctx, letters)
		n += len(letters)
		letters = letters[:0]
		return err
	}
	for {
		e, err := readEnvelope(r)
		if errors.Is(err, io.EOF) {
			return n, send()
		}
		if err != nil {
			return n, fmt.Errorf("message %d of the dump: %w", n+len(letters)+1, err)
		}
		if letters = append(letters, e); len(letters) == dumpAtOnce {
			if err := send(); err != nil {
				return n, err
			}
		}
	}
}

func readEnvelope(r *bufio.Reader) (e cdr.Envelope, err error) {
	if _, err := io.ReadFull(r, e.Key[:]); err != nil {
		return e, err
	}
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return e, errors.Join(io.ErrUnexpectedEOF, err)
	}
	if size > maxMessage {
		return e, fmt.Errorf("a length of %d bytes", size)
	}
	e.Value = make([]byte, size)
	_, err = io.ReadFull(r, e.Value)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return e, err
}
