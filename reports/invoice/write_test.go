package invoice_test

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/reports/invoice"
)

func TestParseReadings(t *testing.T) {
	t.Parallel()
	got, err := invoice.ParseReadings([]string{"storage_mb=1250", "module_crm=3"}, invoice.Reading{Branch: "moscow"})
	require.NoError(t, err)
	require.Equal(t, []invoice.Reading{{Branch: "moscow", Counter: "storage_mb", Value: 1250}, {Branch: "moscow", Counter: "module_crm", Value: 3}}, got)
	for _, wrong := range []string{"storage_mb", "=5", "storage_mb=-1", "storage_mb=much"} {
		_, err := invoice.ParseReadings([]string{wrong}, invoice.Reading{})
		require.ErrorContains(t, err, wrong)
	}
}

func TestEndingOfADocument(t *testing.T) {
	t.Parallel()
	err := invoice.Write(io.Discard, "invoice.doc", invoice.Issued{}, invoice.Brand{}, nil)
	require.ErrorIs(t, err, invoice.ErrEnding)
	require.ErrorContains(t, err, "invoice.doc")
}
