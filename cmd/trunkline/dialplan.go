package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"trunkline/provision"
	"trunkline/routing"
)

func newDialPlanCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dialplan",
		Short: "Dial plans: what the digits that people dial mean",
	}
	cmd.AddCommand(newDialPlanTestCommand())
	return cmd
}

// dialPlanOptions are the flags of `trunkline dialplan test`.
type dialPlanOptions struct {
	route  routeOptions
	plan   string
	area   string
	format string
}

func newDialPlanTestCommand() *cobra.Command {
	o := &dialPlanOptions{}
	o.route.config = new(configFlags)
	cmd := &cobra.Command{
		Use:   "test --plan ID NUMBER...",
		Short: "Show what a dial plan makes of numbers, rule by rule",
		Long: `Test applies a dial plan to numbers as they are dialled, and shows every rule that was tried, in its order, why it
did not decide, and what the one that did made of the number.

Exit status: 0 every number means something; 3 at least one does not, or is blocked; 2 an option or the file is wrong.`,
		Example: "  trunkline dialplan test -f demo/operator.yaml --plan russia --area 495 84951234567 1234567 112\n" +
			"  trunkline dialplan test --plan russia --format json +4930123456",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := tableOrJSON(o.format); err != nil {
				return err
			}
			return o.run(cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.route.file, "file", "f", "", "operator's file; without it the database is asked")
	f.StringVar(&o.plan, "plan", "", "id of the dial plan")
	f.StringVar(&o.area, "area", "", "area code of who dials; that of the plan if empty")
	f.StringVar(&o.format, "format", "table", "table or json")
	o.route.config.register(cmd)
	_ = cmd.MarkFlagRequired("plan") // It fails only for a flag that does not exist.
	return cmd
}

// dialAnswer is what a dial plan makes of one number.
type dialAnswer struct {
	Dialled   string     `json:"dialled"`
	Rules     []dialStep `json:"rules"`
	Number    string     `json:"number,omitempty"`
	Extension string     `json:"extension,omitempty"`
	Emergency bool       `json:"emergency,omitempty"`
	Blocked   bool       `json:"blocked,omitempty"`

	result routing.Dialled
}

// dialStep is one rule that was tried.
type dialStep struct {
	Rule    int    `json:"rule"` // Counted from one.
	Match   string `json:"match"`
	Problem string `json:"problem,omitempty"` // Why it did not decide.
}

func (o *dialPlanOptions) run(cmd *cobra.Command, numbers []string) error {
	if o.format != "table" && o.format != "json" {
		return withCode(exitUsage, fmt.Errorf("--format %q: want table or json", o.format))
	}
	table, done, err := o.route.table(cmd)
	if err != nil {
		return err
	}
	defer done()
	plan, ok := table.Setup().DialPlanByID(o.plan)
	if !ok {
		return withCode(exitUsage, fmt.Errorf("there is no dial plan %q", o.plan))
	}
	answers := make([]dialAnswer, 0, len(numbers))
	meaningless := false
	for _, dialled := range numbers {
		a := newDialAnswer(plan, dialled, o.area)
		meaningless = meaningless || a.Blocked || a.result.Rule < 0
		answers = append(answers, a)
	}
	if err := o.write(cmd.OutOrStdout(), answers); err != nil {
		return err
	}
	if meaningless {
		return withCode(exitPartial, errors.New("the dial plan does not let every number through"))
	}
	return nil
}

func newDialAnswer(plan *provision.DialPlan, dialled, area string) dialAnswer {
	a := dialAnswer{Dialled: dialled, Rules: []dialStep{}, result: routing.Dial(plan, dialled, area)}
	for _, s := range routing.ExplainDial(plan, dialled, area) {
		a.Rules = append(a.Rules, dialStep{Rule: s.Rule + 1, Match: s.Match, Problem: s.Problem})
	}
	a.Number, a.Extension = a.result.Number.String(), a.result.Extension
	a.Emergency, a.Blocked = a.result.Emergency, a.result.Blocked
	return a
}

func (o *dialPlanOptions) write(out io.Writer, answers []dialAnswer) error {
	if o.format == "json" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(answers)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i := range answers {
		a := &answers[i]
		fmt.Fprintf(w, "%s\t\t%s\n", a.Dialled, a.result)
		for _, s := range a.Rules {
			verdict := s.Problem
			if verdict == "" {
				verdict = "decides"
			}
			fmt.Fprintf(w, "  rule %d\t%s\t%s\n", s.Rule, s.Match, verdict)
		}
	}
	return w.Flush()
}
