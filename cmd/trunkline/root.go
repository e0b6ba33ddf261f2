package main

import (
	"cmp"
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
		newServeCommand(), newSIPCommand(), newWorkerCommand(), newAPICommand(), newCollectCommand(), newDemoCommand(), newStatusCommand(), newSIPCommands(),
		newApplyCommand(), newConfigCommand(), newHistoryCommand(), newRouteCommand(), newDialPlanCommand(), newNumberCommand(),
		newTariffCommand(), newDeckCommand(), newRateCommand(), newExplainCommand(), newRerateCommand(), newExchangeCommand(),
		newAccountCommand(), newLimitCommand(), newPeriodCommand(), newInvoiceCommand(), newReportCommand(), newExportCommand(), newAlertCommand(),
		newImportCommand(), newDeadCommand(), newSpoolCommand(), newNodeCommand(), newDoctorCommand(), newRepairCommand(),
		newBackupCommand(), newRestoreCommand(), newMigrateCommand(), newRetentionCommand(), newEraseCommand(), newHoldCommand(),
		newUserCommand(), newKeyCommand(), newVersionCommand(), newClickHouseCommand(),
	)
	usageErrors(root)
	addHelp(root)
	return root
}

// helpTexts are what the commands say of themselves at length, and examples of them: a file for each noun, with a part for each command.
//
//go:embed help/*.txt
var helpTexts embed.FS

// addHelp gives the commands below another their texts. A file is of the program, so that one that cannot be read is left out.
func addHelp(root *cobra.Command) {
	for _, noun := range root.Commands() {
		text, err := helpTexts.ReadFile("help/" + noun.Name() + ".txt")
		if err != nil {
			continue
		}
		parts := helpParts(string(text))
		var add func(cmd *cobra.Command)
		add = func(cmd *cobra.Command) {
			part := parts[strings.TrimPrefix(cmd.CommandPath(), root.Name()+" ")]
			cmd.Long, cmd.Example = cmp.Or(part.long, cmd.Long), part.examples
			for _, below := range cmd.Commands() {
				add(below)
			}
		}
		add(noun)
	}
}

// helpPart is what is said of one command.
type helpPart struct{ long, examples string }

// helpParts takes a text apart: a command's part begins with "# " and the words by which it is called, and ends with its examples.
func helpParts(text string) map[string]helpPart {
	parts := make(map[string]helpPart)
	for part := range strings.SplitSeq("\n"+text, "\n# ") {
		path, said, _ := strings.Cut(part, "\n")
		long, examples, _ := strings.Cut(said, "\nExamples:\n")
		parts[path] = helpPart{strings.TrimSpace(long), strings.TrimRight(examples, "\n")}
	}
	return parts
}
