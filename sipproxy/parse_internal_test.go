package sipproxy

import (
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"
)

func TestParseReplaces(t *testing.T) {
	t.Parallel()
	require.Equal(t, &replaced{"a@b", "1", "2"}, parseReplaces("a@b;to-tag=1;from-tag=2"))
	require.Equal(t, &replaced{"a@b", "1", "2"}, parseReplaces(" a@b ; From-Tag=2;early-only; TO-TAG=1"))
	for _, bad := range []string{"", "a", "a;to-tag=1", ";to-tag=1;from-tag=2", "a;to-tag=;from-tag=2"} {
		require.Nil(t, parseReplaces(bad), bad)
	}
}

func TestSplitAddresses(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"<sip:a;lr>", `"x, y" <sip:b,c@d>`, "sip:e"}, splitAddresses(`<sip:a;lr> , "x, y" <sip:b,c@d>,sip:e`))
}

func FuzzReplaces(f *testing.F) {
	f.Add("a@b;to-tag=1;from-tag=2")
	f.Fuzz(func(t *testing.T, text string) {
		if r := parseReplaces(text); r != nil {
			require.NotEmpty(t, r.callID)
			require.NotEmpty(t, r.toTag)
			require.NotEmpty(t, r.fromTag)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add(`<sip:a;lr>, "x, y" <sip:b;lr;ob>`)
	f.Fuzz(func(t *testing.T, text string) {
		req := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: "x"})
		req.AppendHeader(sip.NewHeader("Path", text))
		texts, uris, err := pathOf(req)
		require.True(t, err != nil || len(texts) == len(uris))
	})
}
