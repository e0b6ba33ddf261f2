package pbx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"trunkline/app/config"
	"trunkline/cdr/kafka"
	"trunkline/cdr/smdr"
	"trunkline/internal/cause"
)

// OpenLegs returns a producer for the topic of legs, and makes the topic where there is none.
func OpenLegs(ctx context.Context, brokers []string, log *slog.Logger) (*kafka.Producer, error) {
	c := kafka.Config{Brokers: brokers, Log: log}
	parts := config.Default().Kafka.Partitions
	if err := kafka.EnsureTopics(ctx, c, kafka.Topic{Name: kafka.LegsTopic, Parts: parts}, kafka.Topic{Name: kafka.DeadTopic, Parts: 1}); err != nil {
		return nil, err
	}
	return kafka.NewProducer(c, kafka.LegsTopic), nil
}

// ErrMisread is returned, wrapped, for records whose day and month are the other way round than the PBX's format has them.
var ErrMisread = errors.New("day and month are the other way round")

// CheckBytes is how much of a stream that cannot be read twice is looked at before anything of it is sent.
const CheckBytes = 1 << 20

// CheckDates makes sure, before anything is sent, that the dates of a stream are not those of the format's twin, and returns
// the stream from its beginning. All of a file is looked at, of other streams the beginning.
func CheckDates(in io.Reader, source *Source, o smdr.Options) (io.Reader, error) {
	f := source.Format
	if f.Twin() == nil {
		return in, nil
	}
	var twin *smdr.Format
	var err error
	if file, ok := Seekable(in); ok {
		if twin, err = f.Misread(file, o); err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
	} else {
		buffered := bufio.NewReaderSize(in, CheckBytes)
		in = buffered
		beginning, _ := buffered.Peek(CheckBytes) // What is wrong with the stream, reading it tells.
		twin, err = f.MisreadBytes(beginning, o)
	}
	if err != nil || twin == nil {
		return in, err
	}
	return nil, cause.Mark(cause.Input, fmt.Errorf("nothing was sent: %w: the file has dates that %s cannot read and %s can: set format: %s for the PBX %s in the operator's file, apply it, and import the file again",
		ErrMisread, f.Name(), twin.Name(), twin.Name(), source.PBX.ID))
}

// Seekable returns a stream as one that can be read again; false: it is a pipe or the like.
func Seekable(in io.Reader) (io.ReadSeeker, bool) {
	file, ok := in.(io.ReadSeeker)
	if !ok {
		return nil, false
	}
	_, err := file.Seek(0, io.SeekCurrent)
	return file, err == nil
}
