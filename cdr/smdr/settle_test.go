package smdr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/cdr/smdr"
)

// What waits when a stream has been quiet is complete, and no fault.
func TestSettleMakesNoFaults(t *testing.T) {
	t.Parallel()
	ipoffice := "2014/06/28 09:28:41,00:00:45,7,203,I,9073210123,9073210123,,0,1000014,1,E203,Extn203,T9001,Line 1.1,8,0"
	for _, c := range []struct{ format, text string }{
		{"panasonic-tda-a", strings.TrimSuffix(strings.SplitAfter(named, "\n")[1], "\n")},
		{"panasonic-tda-a", "  Date     Time    Ext CO       Dial Number             Ring Duration  Acc code   CD\n" + strings.SplitAfter(named, "\n")[1] + "*****"},
		{"avaya-ipoffice", ipoffice},
		{"avaya-ipoffice", ipoffice + "\n"},
	} {
		f, err := smdr.BuiltIn(c.format)
		require.NoError(t, err)
		var k kept
		r, err := smdr.NewReader(f, smdr.Options{}, &k)
		require.NoError(t, err)
		_, err = r.Write([]byte(c.text))
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, r.Settle())
			require.Empty(t, k.faults)
			require.Len(t, k.calls, 1)
		}
		require.NoError(t, r.Close())
		require.Empty(t, k.faults)
	}
}
