package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"trunkline/internal/clock"
	"trunkline/reports/mail"
	"trunkline/sql/postgres"
)

// TestSchedules has many couriers look at once: one gets what is due.
func TestSchedules(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := clock.NewManual(time.Date(2026, 11, 4, 6, 59, 0, 0, time.UTC))
	s := postgres.NewSchedules(db, c)
	one := mail.Schedule{ID: "daily", Report: "stats", To: []string{"a@example.com"}, On: "day", At: "07:00", Zone: "UTC", Period: "yesterday", Format: "csv"}
	require.NoError(t, s.Put(t.Context(), one, "test"))
	off := one
	off.ID, off.Off = "off", true
	require.NoError(t, s.Put(t.Context(), off, "test"))
	_, ok, err := s.Claim(t.Context(), c.Now(), c.Now().Add(time.Minute))
	require.NoError(t, err)
	require.False(t, ok, "not yet")
	c.Advance(time.Minute)
	claims := make(chan mail.Due, 10)
	var g errgroup.Group
	for range 10 {
		g.Go(func() error {
			due, ok, err := s.Claim(t.Context(), c.Now(), c.Now().Add(10*time.Minute))
			if ok {
				claims <- due
			}
			return err
		})
	}
	require.NoError(t, g.Wait())
	require.Len(t, claims, 1)
	due := <-claims
	require.Equal(t, one, due.Schedule)
	require.NoError(t, s.Again(t.Context(), due, c.Now().Add(time.Minute), "away"))
	c.Advance(time.Minute)
	due, ok, err = s.Claim(t.Context(), c.Now(), c.Now().Add(10*time.Minute))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 1, due.Tries)
	next, err := one.Next(c.Now())
	require.NoError(t, err)
	require.NoError(t, s.Done(t.Context(), due, next, ""))
	list, err := s.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, next, list[0].Due)
	require.Equal(t, c.Now(), list[0].Sent)
	require.NoError(t, s.Remove(t.Context(), "off"))
	require.ErrorIs(t, s.Remove(t.Context(), "off"), mail.ErrNoSchedule)
}
