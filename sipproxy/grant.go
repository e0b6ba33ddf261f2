package sipproxy

import (
	"time"

	"trunkline/cdr"
)

const (
	leadMax  = 15 * time.Second // How long before the end of a grant more is asked for, at most.
	retryAsk = 2 * time.Second  // When the ledger did not answer.

	proofTime = 2 * time.Second // For the ends of a call that was taken back to say that they are there, before it is cut.
)

// runClock watches the time of an answered call: it ends it when its grant or the longest call allowed is used up, and
// asks for more before. The moment of cutting is counted from the connection, so a restart does not lengthen it.
func (c *call) runClock() {
	if c.state != stateAnswered {
		return
	}
	limit, reason, side := c.sh.cfg.MaxDuration, "max_duration", cdr.SideTimer
	if c.grant.Granted > 0 && c.grant.Granted < limit {
		limit, reason, side = c.grant.Granted, "credit", cdr.SideLimit
	}
	if c.cutTimer != nil {
		c.cutTimer.Stop()
	}
	wait := c.remaining(limit)
	if c.proven().Before(c.now()) {
		wait = max(wait, proofTime)
	}
	c.cutTimer = c.sh.after(wait, func() {
		c.sh.metrics.cut.WithLabelValues(reason).Inc()
		c.end(ending{side: side, cause: causeNormalUnspecified, reason: reason})
	})
	if c.grant.Granted > 0 && !c.grant.Final && !c.asking {
		lead := min(leadMax, c.sh.cfg.FirstStretch/3)
		c.askMoreAt(c.remaining(c.grant.Granted - lead))
	}
}

// remaining is the time from now to d after the connection.
func (c *call) remaining(d time.Duration) time.Duration {
	return max(0, d-c.now().Sub(c.connect))
}

func (c *call) askMoreAt(wait time.Duration) {
	if c.moreTimer != nil {
		c.moreTimer.Stop()
	}
	c.moreTimer = c.sh.after(wait, func() {
		if c.state == stateAnswered && !c.asking {
			c.ask(c.grant.Granted+c.sh.cfg.Stretch, c.moreGranted)
		}
	})
}

func (c *call) moreGranted(g Grant, err error) {
	if c.state != stateAnswered {
		return
	}
	if err != nil {
		c.log.Warn("no answer from the ledger; asking again", "error", err)
		if c.remaining(c.grant.Granted) > retryAsk {
			c.askMoreAt(retryAsk)
		}
		return
	}
	if g.Stop != "" {
		c.sh.metrics.cut.WithLabelValues(g.Stop).Inc()
		c.end(ending{side: cdr.SideAdmin, cause: causeNormalUnspecified, reason: g.Stop})
		return
	}
	if g.Refusal != "" || g.Granted <= c.grant.Granted {
		c.grant.Final = true // What was granted stays granted.
		c.log.Info("no more money for the call", "reason", g.Refusal, "granted", int64(c.grant.Granted.Seconds()))
		return
	}
	c.grant = g
	_ = c.keep()
	c.runClock()
}
