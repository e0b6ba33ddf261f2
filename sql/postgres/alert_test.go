package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/alert"
	"trunkline/internal/clock"
	"trunkline/sql/postgres"
)

// TestAlarmsAndTheirMessages fires an alarm twice at once, sends, fails, replays and clears.
func TestAlarmsAndTheirMessages(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC))
	a := postgres.NewAlerts(open(t), c)
	rules, _, err := a.Rules(t.Context())
	require.NoError(t, err)
	require.Empty(t, rules.Rules)
	_, err = a.Apply(t.Context(), "rules: [{id: low, measure: left, below: 5, block: tenant}]", "test")
	require.NoError(t, err)
	rules, _, err = a.Rules(t.Context())
	require.NoError(t, err)
	require.Len(t, rules.Rules, 1)

	alarm := alert.Alarm{Rule: "low", Tenant: "beauty", Value: amount("4"), Since: c.Now(), Text: "low"}
	for range 2 { // Two processes that measure.
		require.NoError(t, a.Fire(t.Context(), alarm, []string{"ops", "boss"}))
	}
	list, err := a.Open(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	letters, err := a.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, letters, 2)
	require.Equal(t, "low", letters[0].Rule)
	again, err := a.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, again, "another has them")
	require.NoError(t, a.Sent(t.Context(), letters[0].Delivery))
	require.NoError(t, a.Failed(t.Context(), letters[1].Delivery, "nobody there", time.Time{}))
	c.Advance(time.Hour)
	again, err = a.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Empty(t, again, "one is sent and one given up")
	unsent, err := a.Deliveries(t.Context(), true, 10)
	require.NoError(t, err)
	require.Len(t, unsent, 1)
	require.Equal(t, "nobody there", unsent[0].Error)
	require.NoError(t, a.Replay(t.Context(), letters[0].Delivery))
	require.ErrorIs(t, a.Replay(t.Context(), 99), postgres.ErrNoDelivery)
	again, err = a.Due(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, letters[0].Message, again[0].Message, "the same message under the same number")

	alarm = list[0]
	alarm.Value = amount("9")
	for range 2 {
		require.NoError(t, a.Clear(t.Context(), alarm, []string{"ops"}))
	}
	all, err := a.Deliveries(t.Context(), false, 10)
	require.NoError(t, err)
	require.Len(t, all, 3)
	require.Equal(t, "cleared", all[0].State)
	over, err := a.Alarms(t.Context(), "beauty", false, 10)
	require.NoError(t, err)
	require.False(t, over[0].Till.IsZero())
}

func TestOneMeasuresAtATime(t *testing.T) {
	t.Parallel()
	a := postgres.NewAlerts(open(t), clock.System{})
	failure := errors.New("failed")
	ran, err := a.Alone(t.Context(), func() error {
		other, err := a.Alone(t.Context(), func() error { return failure })
		require.NoError(t, err)
		require.False(t, other)
		return failure
	})
	require.ErrorIs(t, err, failure)
	require.True(t, ran)
	ran, err = a.Alone(t.Context(), func() error { return nil })
	require.NoError(t, err)
	require.True(t, ran)
}
