package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func TestAlone(t *testing.T) {
	t.Parallel()
	db := open(t)
	var inside, most atomic.Int32
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			return db.Alone(t.Context(), "test", func(context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				inside.Add(-1)
				return nil
			})
		})
	}
	require.NoError(t, g.Wait())
	require.Equal(t, int32(1), most.Load())
}
