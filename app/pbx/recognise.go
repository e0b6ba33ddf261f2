package pbx

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"trunkline/cdr/smdr"
	"trunkline/internal/cause"
)

// Recognise finds out the format of a stream by its beginning, and by all of it where formats fit that equally well.
func Recognise(in *bufio.Reader, whole func() (io.ReadCloser, error), o smdr.Options, errOut io.Writer) (*smdr.Format, error) {
	beginning, err := in.Peek(smdr.DetectBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	guesses, err := smdr.Detect(beginning, o)
	if err != nil {
		return nil, err
	}
	if len(guesses) == 0 {
		return nil, cause.Mark(cause.Input, errors.New("no format fits the beginning of the file: name one with --format"))
	}
	if tied := smdr.Tied(guesses); len(tied) > 1 {
		return settleTie(tied, whole, o, errOut)
	}
	best := guesses[0]
	fmt.Fprintf(errOut, "format: %s, %d %% sure", best.Format.Name(), best.Percent)
	for i, g := range guesses[1:min(len(guesses), 3)] {
		if i == 0 {
			fmt.Fprint(errOut, "; it might be")
		}
		fmt.Fprintf(errOut, " %s (%d %%)", g.Format.Name(), g.Percent)
	}
	fmt.Fprintln(errOut)
	return best.Format, nil
}

// settleTie chooses between formats that fit the beginning of a stream equally well by all of it, and asks where that leaves
// it open.
func settleTie(tied []smdr.Guess, whole func() (io.ReadCloser, error), o smdr.Options, errOut io.Writer) (*smdr.Format, error) {
	in, err := whole()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	left, err := smdr.Choose(in, tied, o)
	if err != nil {
		return nil, err
	}
	if len(left) == 1 {
		fmt.Fprintf(errOut, "format: %s, %d %% sure, settled by the whole file\n", left[0].Format.Name(), left[0].Percent)
		return left[0].Format, nil
	}
	names := make([]string, 0, len(left))
	fmt.Fprintln(errOut, "these formats fit the whole file equally well; they read its first call so:")
	for i := range left {
		name, reading := left[i].Format.Name(), "none"
		if c := left[i].First; c != nil {
			reading = c.Reading()
		}
		fmt.Fprintf(errOut, "  %-20s %s\n", name, reading)
		names = append(names, "--format "+name)
	}
	return nil, cause.Mark(cause.Input, errors.New("the file does not tell which format is right: choose "+strings.Join(names, " or ")))
}

// replay reads a stream that cannot be read twice into a file that can, and returns it from its beginning each time.
type replay struct{ file *os.File }

func newReplay(in io.Reader) (*replay, error) {
	file, err := os.CreateTemp("", "trunkline-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // Where that works, it goes with the process.
	if _, err := io.Copy(file, in); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &replay{file}, nil
}

func (r *replay) open() io.Reader { return io.NewSectionReader(r.file, 0, 1<<62) }

// Rewound returns what opens a stream a second time. One that can be read once only is kept in a file, and source goes on there.
func Rewound(name string, in io.Reader, source *bufio.Reader) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		if _, ok := Seekable(in); ok {
			second, _, err := OpenRecords(name, nil)
			return second, err
		}
		kept, err := newReplay(source)
		if err != nil {
			return nil, err
		}
		source.Reset(kept.open())
		return io.NopCloser(kept.open()), nil
	}
}
