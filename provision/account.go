package provision

import (
	"fmt"

	"trunkline/internal/money"
	"trunkline/ledger"
)

// OpenAccount is an account that a changed object needs.
type OpenAccount struct {
	Account ledger.Account
	Credit  money.Amount // How far below zero its balance may go.
	Opening money.Amount // Posted once, when the account is made.
}

// Accounts returns the accounts of the tenants and carriers that are put, in the order of their kinds and ids.
func (c *Changes) Accounts() ([]OpenAccount, error) {
	var out []OpenAccount
	for _, kind := range []Kind{KindTenant, KindCarrier} {
		for _, o := range c.Put {
			if o.Kind != kind {
				continue
			}
			one, err := accountOf(o)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", o.Kind, o.ID, err)
			}
			out = append(out, one)
		}
	}
	return out, nil
}

func accountOf(o Object) (OpenAccount, error) {
	if o.Kind == KindCarrier {
		var c Carrier
		err := decode(o.Spec, &c)
		return OpenAccount{Account: ledger.Carrier(c.ID, c.Currency)}, err
	}
	var t Tenant
	err := decode(o.Spec, &t)
	return OpenAccount{Account: ledger.Tenant(t.ID, t.Currency), Credit: t.Account.Credit, Opening: t.Account.Opened}, err
}
