package sipproxy

import "github.com/prometheus/client_golang/prometheus"

// metrics are what an operator watches. No label holds a number, a Call-ID or a tenant.
type metrics struct {
	requests     *prometheus.CounterVec
	refused      *prometheus.CounterVec
	answered     prometheus.Counter
	cut          *prometheus.CounterVec
	authFailures prometheus.Counter
	dropped      prometheus.Counter
	unrelayed    prometheus.Counter
	unrecorded   prometheus.Counter
	contacts     prometheus.Counter
}

func newMetrics(p *Proxy, r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trunkline_sip_requests_total", Help: "SIP requests received, by method.",
		}, []string{"method"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trunkline_calls_refused_total", Help: "Calls that were not placed, by reason.",
		}, []string{"reason"}),
		answered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_calls_answered_total", Help: "Calls that were answered.",
		}),
		cut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trunkline_calls_cut_total", Help: "Calls that were ended because their time was used up, by reason.",
		}, []string{"reason"}),
		authFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_sip_auth_failures_total", Help: "Wrong credentials.",
		}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_sip_dropped_total", Help: "SIP messages thrown away because the workers were too slow.",
		}),
		unrelayed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_media_unrelayed_total", Help: "Session descriptions that no media relay took.",
		}),
		contacts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "trunkline_sip_contacts_refused_total", Help: "Registrations of a place at which no phone may be, such as a gateway.",
		}),
	}
	m.unrecorded = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "trunkline_calls_unrecorded_total", Help: "Calls that were refused because of a full disk and not recorded: too many waited for room.",
	})
	m.refused.WithLabelValues(reasonJournal)
	r.MustRegister(journalMetrics(p)...)
	active := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trunkline_calls_active", Help: "Calls in progress, those being set up included.",
	}, func() float64 { return float64(p.load.inProgress.Load()) })
	malformed := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "trunkline_sip_malformed_total", Help: "Messages that were not SIP.",
	}, func() float64 { return float64(p.wire.Stats().Malformed) })
	locks := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trunkline_sip_locks", Help: "Sources and logins that are refused at the moment because of wrong passwords.",
	}, func() float64 { return float64(len(p.guard.Locks())) })
	locked := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "trunkline_sip_locks_total", Help: "Locks because of wrong passwords.",
	}, func() float64 { return float64(p.guard.Made()) })
	closed := prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "trunkline_sip_connections_refused_total", Help: "Connections that found no place, or did not say in time who they are.",
	}, func() float64 { s := p.wire.Stats(); return float64(s.Expelled + s.TurnedAway) })
	r.MustRegister(m.requests, m.refused, m.answered, m.cut, m.authFailures, m.dropped, m.unrelayed, m.unrecorded, m.contacts, active, malformed, locks, locked, closed)
	return m
}

// journalMetrics say how the journal stands.
func journalMetrics(p *Proxy) []prometheus.Collector {
	gauge := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		gauge("trunkline_journal_failing", "1 while calls that cost money are refused because the journal cannot be written or the disk is full.", func() int64 {
			if p.journal.Err() != nil {
				return 1
			}
			return 0
		}),
		gauge("trunkline_journal_owed", "Entries of the journal that wait to be written.", func() int64 { return int64(p.journal.Stats().Owed) }),
		gauge("trunkline_journal_bytes", "Size of the journal.", func() int64 { return p.journal.Stats().Bytes }),
		gauge("trunkline_journal_damaged", "Damaged parts of the journal that are kept aside and that nobody has dealt with.", func() int64 { return int64(p.journal.Stats().Damaged) }),
	}
}
