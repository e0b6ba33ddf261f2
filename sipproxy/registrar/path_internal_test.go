package registrar

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

func FuzzPath(f *testing.F) {
	f.Add(`<sip:a;lr>, "x, y" <sip:b;lr;ob>`)
	f.Fuzz(func(t *testing.T, text string) {
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(sip.NewHeader("Path", text))
		texts, uris, err := pathOf(req)
		require.True(t, err != nil || len(texts) == len(uris))
	})
}
