package wire

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

// FuzzDatagram feeds what may come from anywhere: no message may crash us, and no answer to a malformed one is longer than
// it or an answer to an answer.
func FuzzDatagram(f *testing.F) {
	files, err := filepath.Glob("../testdata/torture/*.dat")
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	parser := sip.NewParser()
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := parser.ParseSIP(bytes.Clone(data))
		if err == nil {
			err = judge(msg)
		}
		if err == nil {
			return
		}
		answer := refusal(data, err)
		require.LessOrEqual(t, len(answer), max(len(data), 256))
		if answer != nil {
			require.False(t, bytes.HasPrefix(data, []byte("SIP/")))
			require.Equal(t, 1, bytes.Count(answer, []byte("\r\n\r\n")))
		}
	})
}
