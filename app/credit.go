package app

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"trunkline/credit"
	"trunkline/credit/quota"
	"trunkline/internal/clock"
)

const (
	// tendEvery is how often quotas are looked after. What is changed by hand is felt within this and quota.Terms.Fresh, whatever happens.
	tendEvery = 200 * time.Millisecond
	tendLimit = 2 * time.Second
)

func (s *System) newCredit() (_ *credit.Client, err error) {
	sip := &s.config.SIP
	s.lease, err = credit.OpenGrace(credit.Terms{First: sip.InitialGrant, Call: sip.GraceCall, Tenant: sip.GraceTenant}, credit.JournalOptions(s.config.Data, s.log), s.metrics)
	if err != nil {
		return nil, err
	}
	s.quotas = quota.New(quota.DefaultTerms(max(sip.InitialGrant, sip.GrantIncrement)), s.Stores.Ledger, clock.System{}, s.presence.life, uuid.New)
	s.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trunkline_quotas_open", Help: "Quotas of accounts that calls are reserved from.",
	}, func() float64 { open, _ := s.quotas.Stats(); return float64(open) }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trunkline_quotas_retired", Help: "Quotas that wait for the ends of calls that were reserved from them.",
	}, func() float64 { _, retired := s.quotas.Stats(); return float64(retired) }))
	client := &credit.Client{Ledger: s.Stores.Ledger, Group: s.Stores.Ledger.Group(), Live: s.provisioning.Live, Clock: clock.System{}, Node: s.presence.life.Node, Grace: s.lease}
	if sip.Quota {
		client.Edge = credit.NewEdge(s.quotas, s.metrics)
	}
	return client, nil
}

// tendQuotas looks after the quotas again and again, also where none are drawn any more: those of earlier lives are to be finished.
func (s *System) tendQuotas(ctx context.Context) {
	failing := false
	for clock.Sleep(ctx, clock.System{}, tendEvery) == nil {
		once, cancel := context.WithTimeout(ctx, tendLimit)
		err := s.quotas.Tend(once)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the ledger does not answer about quotas: each call is asked for", "error", err)
		}
		failing = err != nil
	}
}

// closeQuotas gives back what no call has drawn on.
func (s *System) closeQuotas(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tendLimit)
	defer cancel()
	if err := s.quotas.Close(ctx); err != nil {
		s.log.WarnContext(ctx, "what no call has drawn on quotas is given back at the next start", "error", err)
	}
}
