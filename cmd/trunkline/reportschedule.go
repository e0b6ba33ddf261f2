package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app/reporting"
	"trunkline/app/store"
	"trunkline/internal/clock"
	"trunkline/reports/mail"
	"trunkline/sql/postgres"
)

func newScheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "schedule", Short: "Reports by mail, on a schedule",
		Long: `Schedule keeps reports that "trunkline serve" and "trunkline worker" send by mail when they are due. The mail server is the one
of alerts: alerts.smtp_host and the like in the configuration. A report that cannot be sent is tried again, eight times over two
hours. docs/reports.md explains every field.`,
	}
	cmd.AddCommand(newScheduleApplyCommand(), newScheduleListCommand(), newScheduleSendCommand(), newScheduleRemoveCommand())
	return cmd
}

func newScheduleApplyCommand() *cobra.Command {
	var f configFlags
	var file string
	cmd := &cobra.Command{
		Use: "apply -f FILE", Short: "Store the schedules of a YAML list; others stay as they are", Args: cobra.NoArgs,
		Example: "  trunkline report schedule apply -f schedules.yaml",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			text, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			list, err := mail.Parse(text)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%s: %w", file, err))
			}
			book := postgres.NewSchedules(db.DB, clock.System{})
			for i := range list {
				if err := book.Put(cmd.Context(), list[i], operator()); err != nil {
					return err
				}
			}
			cmd.Printf("%d schedules\n", len(list))
			return nil
		}),
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "YAML file, or - for what is piped in")
	_ = cmd.MarkFlagRequired("file") // It fails only for a flag that does not exist.
	f.register(cmd)
	return cmd
}

func newScheduleListCommand() *cobra.Command {
	var f configFlags
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "Schedules, when each is due, and what became of it", Args: cobra.NoArgs,
		Example: "  trunkline report schedule list",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, _ []string) error {
			list, err := postgres.NewSchedules(db.DB, clock.System{}).List(cmd.Context())
			if err != nil {
				return err
			}
			t := &table{columns: []string{"id", "report", "tenant", "to", "due", "last_sent", "tries", "failure"}, of: "schedules"}
			for i := range list {
				s := &list[i].Schedule
				due := list[i].Due.Format(time.RFC3339)
				if s.Off {
					due = "off"
				}
				sent := ""
				if !list[i].Sent.IsZero() {
					sent = list[i].Sent.Format(time.RFC3339)
				}
				t.add(s.ID, s.Report, s.Tenant, strings.Join(s.To, " "), due, sent, strconv.Itoa(list[i].Tries), list[i].Failure)
			}
			return t.write(cmd.OutOrStdout(), format)
		}),
	}
	formatFlag(cmd, &format)
	f.register(cmd)
	return cmd
}

func newScheduleSendCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "send ID", Short: "Make a report and send it now", Args: cobra.ExactArgs(1),
		Example: "  trunkline report schedule send expenses-monthly",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			c, err := f.load()
			if err != nil {
				return err
			}
			if c.Alerts.SMTPHost == "" {
				return withCode(exitConflict, errors.New("no mail server is set: set alerts.smtp_host and alerts.smtp_from"))
			}
			list, err := postgres.NewSchedules(db.DB, clock.System{}).List(cmd.Context())
			if err != nil {
				return err
			}
			for i := range list {
				if list[i].Schedule.ID == args[0] {
					once := &mail.Courier{Maker: reporting.Maker{Stores: db}, Carrier: c.Alerts.Post(), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)}
					return once.Send(cmd.Context(), mail.Due{Schedule: list[i].Schedule, At: clock.System{}.Now()})
				}
			}
			return withCode(exitUsage, fmt.Errorf("%w: %s", mail.ErrNoSchedule, args[0]))
		}),
	}
	f.register(cmd)
	return cmd
}

func newScheduleRemoveCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Take a schedule away", Args: cobra.ExactArgs(1),
		Example: "  trunkline report schedule remove expenses-monthly",
		RunE: onStores(&f, func(cmd *cobra.Command, db *store.Stores, args []string) error {
			err := postgres.NewSchedules(db.DB, clock.System{}).Remove(cmd.Context(), args[0])
			if errors.Is(err, mail.ErrNoSchedule) {
				return withCode(exitUsage, err)
			}
			return err
		}),
	}
	f.register(cmd)
	return cmd
}
