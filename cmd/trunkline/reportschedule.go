package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"trunkline/app"
	"trunkline/reports/mail"
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			text, err := readInput(cmd, file)
			if err != nil {
				return err
			}
			list, err := mail.Parse(text)
			if err != nil {
				return withCode(exitUsage, fmt.Errorf("%s: %w", file, err))
			}
			if err := c.PutSchedules(cmd.Context(), c.Who, list); err != nil {
				return err
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, _ []string) error {
			list, err := c.Schedules(cmd.Context(), c.Who)
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			return c.SendSchedule(cmd.Context(), c.Who, args[0])
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
		RunE: onConsole(&f, func(cmd *cobra.Command, c *app.Local, args []string) error {
			return c.RemoveSchedule(cmd.Context(), c.Who, args[0])
		}),
	}
	f.register(cmd)
	return cmd
}
