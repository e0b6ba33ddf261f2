package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"trunkline/access"
	"trunkline/app/config"
	"trunkline/app/store"
	"trunkline/cdr"
	"trunkline/cdr/kafka"
	"trunkline/console"
	"trunkline/demo"
	"trunkline/internal/cause"
	"trunkline/internal/clock"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/sql/postgres"
)

// ProvisionDemo sets the sample operator up where nothing is provisioned yet.
func ProvisionDemo(ctx context.Context, db *store.Stores) error {
	bundle, err := provision.ReadBundle(demo.Files(), demo.OperatorFile)
	if err != nil {
		return err
	}
	c := console.New(console.Deps{
		Setup: &setup{stores: db, compiler: provision.NewCompiler()}, AuditLog: postgres.NewAccess(db.DB, db.Clock), Clock: db.Clock,
	})
	who := &access.Principal{Role: access.Operator, Command: "demo"}
	p, err := c.PlanApply(ctx, who, bundle, console.ApplyOptions{Choice: provision.Choice{Keep: []string{"all"}}}) // What was changed on its pages stays.
	if err != nil {
		return err
	}
	if p.Changes.Empty() || !p.First() { // What somebody changed since stays as it is.
		return nil
	}
	if _, err := c.Apply(ctx, who, p); err != nil {
		return err
	}
	return billDemo(ctx, db)
}

// billDemo stores how the sample operator's clients are invoiced.
func billDemo(ctx context.Context, db *store.Stores) error {
	text, err := fs.ReadFile(demo.Files(), demo.BillingFile)
	if err != nil {
		return err
	}
	profiles, err := invoice.ParseProfiles(text)
	if err != nil {
		return err
	}
	archive := postgres.NewInvoices(db.DB, clock.System{})
	for i := range profiles {
		if err := archive.PutProfile(ctx, profiles[i], "demo"); err != nil {
			return err
		}
	}
	return nil
}

// startDemo sends the history, once, and begins the traffic.
func (s *System) startDemo(ctx context.Context) error {
	addr, err := s.SipAddr()
	if err != nil {
		return err
	}
	s.running.Go(func() {
		if err := s.sendHistory(s.life); err != nil && s.life.Err() == nil {
			s.log.ErrorContext(s.life, "the demo's history could not be sent", "error", err)
		}
	})
	s.traffic, err = demo.Start(ctx, addr, s.provisioning.Live.Snapshot(), clock.System{}, s.log)
	return cause.Mark(cause.State, err)
}

const historyChunk = 2000

// sendHistory sends the calls of the last weeks into the topic, as a proxy would have. A file remembers that it was
// done; a history that was cut short is sent again from its beginning and takes effect once.
func (s *System) sendHistory(ctx context.Context) error {
	mark := s.config.Data + "/demo-history"
	until := clock.System{}.Now()
	if text, err := os.ReadFile(mark); err == nil { //nolint:gosec // A name of our own in a configured folder.
		if strings.HasPrefix(string(text), "done") {
			return nil
		}
		if err := until.UnmarshalText([]byte(strings.TrimSpace(string(text)))); err != nil {
			return fmt.Errorf("read %s: %w: delete it", mark, err)
		}
	}
	if err := os.WriteFile(mark, []byte(until.Format("2006-01-02T15:04:05Z07:00")), 0o600); err != nil {
		return err
	}
	producer := kafka.NewProducer(s.kafkaConfig(), kafka.LegsTopic)
	defer func() { _ = producer.Close() }()
	sent := 0
	chunk := make([]cdr.Envelope, 0, historyChunk)
	flush := func() error {
		err := producer.Send(ctx, chunk)
		sent += len(chunk)
		chunk = chunk[:0]
		return err
	}
	for legs := range demo.History(s.provisioning.Live.Snapshot(), until.Truncate(1e9)) {
		for _, leg := range legs {
			chunk = append(chunk, cdr.Envelope{Key: leg.Call.Bytes(), Value: cdr.AppendLeg(nil, leg)})
		}
		if len(chunk) >= historyChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "the demo's history was sent", "legs", sent)
	return os.WriteFile(mark, []byte("done\n"), 0o600)
}

// lastMonth is the month that can be closed.
func lastMonth() string {
	now := clock.System{}.Now()
	return time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
}

func demoHints(c *config.Config) string {
	data := ""
	if c.Data != "./var" {
		data = " --data " + c.Data
	}
	return `
The demo: Salons "Линия" in nine cities and a small prepaid client; carriers Volga, Rhein and Bargain. Phones call each
other and the world; 35 days of history are on their way through Kafka and the worker. Try in another terminal:
  trunkline report expenses --tenant beauty` + data + `
  trunkline report stats --tenant beauty --by branch --compare` + data + `
  trunkline report cdr --filter '7495% duration>60'` + data + `
  trunkline invoice run --period ` + lastMonth() + ` --dry-run` + data + `
  trunkline route --tenant beauty --from 101 --to 84951234567` + data + `
  trunkline apply -f demo/operator.yaml --dry-run` + data + `
A phone of your own: user beauty-102, password demo-102, realm pbx.demo, at the SIP address above.
`
}
