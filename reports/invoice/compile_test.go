package invoice_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

func compile(tb testing.TB) (*provision.Snapshot, string) {
	tb.Helper()
	return compileWith(tb, tariff)
}

func compileWith(tb testing.TB, tariff string) (*provision.Snapshot, string) {
	tb.Helper()
	bundle, err := provision.ReadBundle(fstest.MapFS{"operator.yaml": {Data: []byte(operator)}, "office.yaml": {Data: []byte(tariff)}}, "operator.yaml")
	require.NoError(tb, err)
	snapshot, err := provision.NewCompiler().Compile(tb.Context(), bundle)
	require.NoError(tb, err)
	objects, err := bundle.Objects()
	require.NoError(tb, err)
	for _, o := range objects {
		if o.Kind == provision.KindTenant {
			return snapshot, o.Spec
		}
	}
	tb.Fatal("no tenant")
	return nil, ""
}
