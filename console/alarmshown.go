package console

import (
	"context"
	"slices"

	"trunkline/access"
	"trunkline/alert"
	"trunkline/internal/field"
)

// rulesShown is a copy of rules as far as they are somebody's to see.
func rulesShown(who *access.Principal, shared *alert.Rules) *alert.Rules {
	rules := *shared
	rules.Channels, rules.Rules, rules.Events = slices.Clone(shared.Channels), slices.Clone(shared.Rules), slices.Clone(shared.Events)
	for i := range rules.Rules {
		if l := rules.Rules[i].Lower; l != nil {
			lower := *l
			rules.Rules[i].Lower = &lower
		}
	}
	redactor[alert.Rules](who).Redact(&rules)
	return &rules
}

// hideMoney takes out of alarms, or of messages about them, how a client's account stands, where that is not somebody's to see. What came
// of a rule that looks at no money tells nothing of it; of a rule that is not there any more nobody knows.
func hideMoney[T any](ctx context.Context, c *Console, who *access.Principal, list []T, ruleOf func(*T) string) error {
	if who.May(access.ReadMoney) {
		return nil
	}
	rules, _, err := c.d.Alerts.Rules(ctx)
	if err != nil {
		return err
	}
	harmless := rulesFor(who)
	harmless.See = func(a field.Access) bool {
		return seesField(who, field.Access{Client: a.Client, Guards: slices.DeleteFunc(slices.Clone(a.Guards), func(g field.Guard) bool { return g == field.Account })})
	}
	all, rest := redactor[T](who), redactorBy[T](harmless)
	for i := range list {
		if rules.TellsMoney(ruleOf(&list[i])) {
			all.Redact(&list[i])
		} else {
			rest.Redact(&list[i])
		}
	}
	return nil
}
