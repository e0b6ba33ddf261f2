package provision

import (
	"fmt"

	"trunkline/rating"
)

// checkCurrencies makes sure that nobody is charged in a currency that their account is not kept in.
func (s *Snapshot) checkCurrencies(b *Bundle) error {
	c := &checker{b: b}
	s.checkTrials(c)
	check := func(field string, t *Tenant, tariff string) {
		if tariff != "" && s.tariffs[tariff].Currency() != t.Currency {
			c.add(field, fmt.Sprintf("tariff %s is in %s, the tenant's account in %s", tariff, s.tariffs[tariff].Currency(), t.Currency),
				"choose a tariff in the currency of the account")
		}
	}
	for i := range s.operator.Tenants {
		t := &s.operator.Tenants[i]
		at := fmt.Sprintf("tenants[%d]", i)
		check(at+".tariff", t, t.Tariff)
		for j := range t.Branches {
			br := &t.Branches[j]
			check(fmt.Sprintf("%s.branches[%d].tariff", at, j), t, br.Tariff)
			for k := range br.Extensions {
				check(fmt.Sprintf("%s.branches[%d].extensions[%d].tariff", at, j, k), t, br.Extensions[k].Tariff)
			}
		}
		for j := range t.PBXs {
			for k := range t.PBXs[j].Trunks {
				check(fmt.Sprintf("%s.pbxs[%d].trunks[%d].tariff", at, j, k), t, t.PBXs[j].Trunks[k].Tariff)
			}
		}
	}
	if len(c.faults) > 0 {
		return c.faults[0]
	}
	return nil
}

// checkTrials makes sure that clients whose trial ends go to a tariff that there is, in the currency of their accounts.
func (s *Snapshot) checkTrials(c *checker) {
	for i := range s.operator.Tariffs {
		id := s.operator.Tariffs[i].ID
		trial := s.tariffs[id].Spec().Trial
		if trial == nil || trial.Then != rating.TrialSwitch {
			continue
		}
		next, ok := s.tariffs[trial.Tariff]
		if !ok || next.Currency() != s.tariffs[id].Currency() {
			c.add(fmt.Sprintf("tariffs[%d].file", i), fmt.Sprintf("its trial ends by a switch to tariff %q, which is not there in the same currency", trial.Tariff),
				"name a tariff of the same currency in trial.tariff")
		}
	}
}
