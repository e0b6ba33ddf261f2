package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"trunkline/cdr/importer"
	"trunkline/cdr/kafka"
	"trunkline/cdr/smdr"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// importOptions are the flags of `trunkline import file`.
type importOptions struct {
	tenant string
	pbx    string
	read   readOptions
	config configFlags
}

func newImportFileCommand() *cobra.Command {
	o := &importOptions{}
	cmd := &cobra.Command{
		Use:   "file --tenant ID --pbx ID FILE...",
		Short: "Bring the calls of files into the system",
		Long: `File reads the records of a PBX that the operator's file declares under pbxs, gives every call to the branch and extension
that made it, and sends it to the topic of legs, from where the worker rates it like any other. A call has its identity from
what the PBX recorded: importing a file twice changes nothing. What cannot be read or rated is kept (trunkline import errors).

Exit status: 0 done; 2 an option is wrong; 3 done, but some records could not be used; 4 no engine can be reached.`,
		Example: "  trunkline import file --tenant beauty --pbx moscow smdr-2026-11-*.log",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.tenant, "tenant", "", "tenant")
	f.StringVar(&o.pbx, "pbx", "", "PBX of the tenant")
	f.StringVar(&o.read.day, "day", "", "first day (YYYY-MM-DD) of records that have a time and no date")
	_ = cmd.MarkFlagRequired("tenant")
	_ = cmd.MarkFlagRequired("pbx")
	o.config.register(cmd)
	return cmd
}

func (o *importOptions) run(cmd *cobra.Command, files []string) (err error) {
	ctx := cmd.Context()
	db, err := o.config.openStores(ctx, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer func() { err = db.end(cmd, files, err) }()
	snapshot, err := db.snapshot(ctx)
	if err != nil {
		return err
	}
	keeper, err := postgres.NewImports(db.db, clock.System{})
	if err != nil {
		return err
	}
	source, err := newImportSource(ctx, snapshot, keeper, o.tenant, o.pbx)
	if err != nil {
		return err
	}
	producer, err := openLegs(ctx, db.engines.Kafka, db.log)
	if err != nil {
		return withCode(exitConflict, err)
	}
	defer func() { _ = producer.Close() }()
	var unused int64
	for _, name := range files {
		n, err := o.one(cmd, name, source, importer.NewSink(ctx, &source.mapper, producer, keeper, source.begin(filepath.Base(name), importer.WayFile, operator())))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		unused += n
	}
	if unused > 0 {
		return withCode(exitPartial, fmt.Errorf("%d records could not be used: see `trunkline import errors --tenant %s --pbx %s`", unused, o.tenant, o.pbx))
	}
	return nil
}

// openLegs returns a producer for the topic of legs, and makes the topic where there is none.
func openLegs(ctx context.Context, brokers []string, log *slog.Logger) (*kafka.Producer, error) {
	c := kafka.Config{Brokers: brokers, Log: log}
	parts := defaultConfig().Kafka.Partitions
	if err := kafka.EnsureTopics(ctx, c, kafka.Topic{Name: kafka.LegsTopic, Parts: parts}, kafka.Topic{Name: kafka.DeadTopic, Parts: 1}); err != nil {
		return nil, err
	}
	return kafka.NewProducer(c, kafka.LegsTopic), nil
}

// one imports one file and returns how many of its records could not be used.
func (o *importOptions) one(cmd *cobra.Command, name string, source *importSource, sink *importer.Sink) (int64, error) {
	in, changed, err := openInput(name, cmd.InOrStdin())
	if err != nil {
		return 0, err
	}
	defer in.Close()
	options, err := o.read.options(changed)
	if err != nil {
		return 0, err
	}
	options.Zone, options.Stamp, options.Charset = source.zone, source.pbx.Stamp, source.pbx.Charset
	sink.Reading(options)
	checked, err := checkDates(in, source, options)
	if err != nil {
		return 0, err
	}
	sum, err := importer.Read(source.format, options, checked, sink)
	if err != nil {
		return 0, err
	}
	out := cmd.OutOrStdout()
	t := sink.Totals()
	fmt.Fprintf(out, "%s: import %d, %d legs sent, %d calls could not be rated\n", name, sink.ID(), t.Sent, t.Refused)
	printSummary(out, &sum)
	return t.Unusable, nil
}

// errMisread is returned, wrapped, for records whose day and month are the other way round than the PBX's format has them.
var errMisread = errors.New("day and month are the other way round")

// checkBytes is how much of a stream that cannot be read twice is looked at before anything of it is sent.
const checkBytes = 1 << 20

// checkDates makes sure, before anything is sent, that the dates of a stream are not those of the format's twin, and returns
// the stream from its beginning. All of a file is looked at, of other streams the beginning.
func checkDates(in io.Reader, source *importSource, o smdr.Options) (io.Reader, error) {
	f := source.format
	if f.Twin() == nil {
		return in, nil
	}
	var twin *smdr.Format
	var err error
	if file, ok := seekable(in); ok {
		if twin, err = f.Misread(file, o); err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
	} else {
		buffered := bufio.NewReaderSize(in, checkBytes)
		in = buffered
		beginning, _ := buffered.Peek(checkBytes) // What is wrong with the stream, reading it tells.
		twin, err = f.MisreadBytes(beginning, o)
	}
	if err != nil || twin == nil {
		return in, err
	}
	return nil, withCode(exitUsage, fmt.Errorf("nothing was sent: %w: the file has dates that %s cannot read and %s can: set format: %s for the PBX %s in the operator's file, apply it, and import the file again",
		errMisread, f.Name(), twin.Name(), twin.Name(), source.pbx.ID))
}
