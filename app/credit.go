package app

import (
	"trunkline/credit"
	"trunkline/internal/clock"
)

func (s *System) newCredit() (_ *credit.Client, err error) {
	sip := &s.config.SIP
	s.lease, err = credit.OpenGrace(credit.Terms{First: sip.InitialGrant, Call: sip.GraceCall, Tenant: sip.GraceTenant}, credit.JournalOptions(s.config.Data, s.log), s.metrics)
	if err != nil {
		return nil, err
	}
	return &credit.Client{Ledger: s.Stores.Ledger, Group: s.Stores.Ledger.Group(), Live: s.provisioning.Live, Clock: clock.System{}, Node: s.presence.life.Node, Grace: s.lease}, nil
}
