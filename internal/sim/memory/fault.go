package memory

import (
	"trunkline/internal/money"
	"trunkline/ledger"
)

// faults are what is wrong on purpose, to see that a simulation finds it.
type faults struct {
	claims, holds, places, identities, quotas bool
}

// ForgetClaims makes the books forget which legs they know.
func (s *Store) ForgetClaims() { s.faults.claims = true }

// ForgetHolds makes the ledger grant what it does not hold.
func (s *Store) ForgetHolds() { s.faults.holds = true }

// ForgetPlaces makes the ledger forget which calls there are.
func (s *Store) ForgetPlaces() { s.faults.places = true }

// ForgetIdentities makes the ledger take every process for the proxy whose name it says.
func (s *Store) ForgetIdentities() { s.faults.identities = true }

// ForgetQuotas makes the ledger grant quotas that it does not hold.
func (s *Store) ForgetQuotas() { s.faults.quotas = true }

// quota is what is held of a quota.
func (f faults) quota(a money.Amount) money.Amount {
	if f.quotas {
		return money.Amount{}
	}
	return a
}

func (f faults) use(u ledger.Use) ledger.Use {
	if f.quotas {
		return ledger.Use{}
	}
	return u
}

// held is what is held of an amount.
func (f faults) held(a money.Amount) money.Amount {
	if f.holds {
		return money.Amount{}
	}
	return a
}
