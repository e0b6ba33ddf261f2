package main

import (
	"embed"
	"strings"

	"github.com/spf13/cobra"
)

const rootLong = `Trunkline routes, limits, rates and reports telephone calls.

Exit codes: 0 done; 1 failed; 2 the command line, the configuration or an input file is wrong;
3 done, but some of the input could not be used; 4 the system is not in the state that the command needs.`

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "trunkline",
		Short:         "Least-cost routing, billing and call analytics for VoIP operators",
		Long:          rootLong,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(toldOfFlag)
	root.AddCommand(
		newVersionCommand(),
		newServeCommand(),
		newSIPCommand(),
		newWorkerCommand(),
		newAPICommand(),
		newDemoCommand(),
		newRateCommand(),
		newTariffCommand(),
		newHistoryCommand(),
		newExplainCommand(),
		newDeckCommand(),
		newRouteCommand(),
		newDialPlanCommand(),
		newApplyCommand(),
		newReportCommand(),
		newInvoiceCommand(),
		newExportCommand(),
		newMigrateCommand(),
		newAccountCommand(),
		newDoctorCommand(),
		newRepairCommand(),
		newBackupCommand(),
		newRestoreCommand(),
		newDeadCommand(),
		newRetentionCommand(),
		newEraseCommand(),
		newHoldCommand(),
		newLimitCommand(),
		newPeriodCommand(),
		newNumberCommand(),
		newExchangeCommand(),
		newNodeCommand(),
		newSpoolCommand(),
		newUserCommand(),
		newKeyCommand(),
		newRerateCommand(),
		newAlertCommand(),
		newStatusCommand(),
		newSIPCommands(),
		newImportCommand(),
		newCollectCommand(),
		newConfigCommand(),
		newClickHouseCommand(),
	)
	usageErrors(root)
	addHelp(root)
	return root
}

// helpTexts are what the commands say of themselves at length: a file for each, named as it is called.
//
//go:embed help/*.txt
var helpTexts embed.FS

// addHelp gives a command, and all below it, their texts.
func addHelp(cmd *cobra.Command) {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	if text, err := helpTexts.ReadFile("help/" + strings.ReplaceAll(path, " ", "-") + ".txt"); err == nil {
		cmd.Long = strings.TrimSuffix(string(text), "\n")
	}
	for _, sub := range cmd.Commands() {
		addHelp(sub)
	}
}
