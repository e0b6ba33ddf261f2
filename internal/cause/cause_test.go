package cause_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/cause"
)

func TestKindOfAnError(t *testing.T) {
	t.Parallel()
	input := cause.Mark(cause.Input, io.ErrUnexpectedEOF)
	for name, one := range map[string]struct {
		err  error
		kind cause.Kind
	}{
		"none":                        {nil, cause.Unknown},
		"not marked":                  {io.EOF, cause.Unknown},
		"marked":                      {input, cause.Input},
		"wrapped":                     {fmt.Errorf("tariffs.yaml: %w", input), cause.Input},
		"joined":                      {errors.Join(io.EOF, input), cause.Input},
		"marked again: the outer one": {cause.Mark(cause.State, input), cause.State},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, one.kind, cause.Of(one.err))
		})
	}
}

func TestMarkKeepsTextAndCause(t *testing.T) {
	t.Parallel()
	require.NoError(t, cause.Mark(cause.Input, nil))
	err := cause.Mark(cause.State, fmt.Errorf("ledger: %w", io.EOF))
	require.EqualError(t, err, "ledger: EOF")
	require.ErrorIs(t, err, io.EOF)
}
