package importer

import (
	"errors"
	"io"

	"trunkline/cdr/smdr"
)

// readSize is how much of a stream is read at a time.
const readSize = 256 << 10

// Read reads a whole stream into a sink, keeps its text, and ends the import.
func Read(f *smdr.Format, o smdr.Options, in io.Reader, to *Sink) (smdr.Summary, error) {
	reader, err := smdr.NewReader(f, o, to)
	if err != nil {
		return smdr.Summary{}, err
	}
	keep := &keeper{to: to}
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(keep, reader)}, struct{ io.Reader }{in}, make([]byte, readSize)); err != nil {
		return reader.Summary(), err
	}
	if err := reader.Close(); err != nil {
		return reader.Summary(), err
	}
	sum := reader.Summary()
	return sum, errors.Join(to.ctx.Err(), to.End(sum.Lines))
}

// keeper keeps all that is written to it.
type keeper struct {
	to *Sink
	at int64
}

func (k *keeper) Write(p []byte) (int, error) {
	if err := k.to.Keep(k.at, p); err != nil {
		return 0, err
	}
	k.at += int64(len(p))
	return len(p), nil
}
