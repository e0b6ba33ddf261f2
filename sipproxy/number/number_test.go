package number_test

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"trunkline/sipproxy/number"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]number.Number{
		"sip:00442012345@pbx.example":                             {Text: "00442012345"},
		"sip:00%34%342012345@pbx.example":                         {Text: "00442012345"}, // RFC 3261, section 19.1.4.
		"sip:%2B442012345@pbx.example;user=phone":                 {Text: "+442012345"},
		"sip:%2331%23004420111@pbx.example":                       {Text: "#31#004420111"},
		"sip:*43%23@pbx.example":                                  {Text: "*43#"},
		"tel:+44-20-1234-5678":                                    {Text: "+442012345678"}, // RFC 3966, section 6.
		"tel:7042;phone-context=example.com":                      {Text: "7042"},
		"tel:863-1234;phone-context=+1-914-555":                   {Text: "+19145558631234"},
		"tel:2012345678;phone-context=%2B44":                      {Text: "+442012345678"},
		"tel:112;phone-context=+49":                               {Text: "112"},
		"sip:02012345678;phone-context=+44@pbx.example":           {Text: "02012345678"},
		"sip:2012345678;phone-context=+44@pbx.example;user=phone": {Text: "+442012345678"},
		"sip:2012345678@pbx.example;phone-context=+44":            {Text: "+442012345678"},
		"sip:+4930111001;npdi;rn=+4930000@pbx.example":            {Text: "+4930111001", Routing: "+4930000", Dipped: true}, // RFC 4694, section 6.
		"tel:+1-202-533-1234;npdi;rn=+1-202-544-0000":             {Text: "+12025331234", Routing: "+12025440000", Dipped: true},
		"sip:+15551234567;cpc=ordinary;isub=1@pbx.example":        {Text: "+15551234567"},
		"sip:anna@pbx.example":                                    {Text: "anna"},
		"sip:a%0d%0aX-Evil-1@pbx.example":                         {Text: "a%0d%0aX-Evil-1"},
		"sip:a%ZZ@pbx.example":                                    {Text: "a%ZZ"},
		"sip:pbx.example":                                         {},
	} {
		var uri sip.Uri
		require.NoError(t, sip.ParseUri(text, &uri), text)
		require.Equal(t, want, number.Of(&uri), text)
		require.Equal(t, want.Text, number.User(&uri), text)
	}
}

func FuzzOf(f *testing.F) {
	f.Add("sip:00%34%342012345;phone-context=+44@x")
	f.Add("tel:+44-20;npdi;rn=+1")
	f.Fuzz(func(t *testing.T, text string) {
		var uri sip.Uri
		if sip.ParseUri(text, &uri) != nil {
			return
		}
		if got := number.Of(&uri).Text; !strings.ContainsAny(uri.User+uri.Raw(), "\r\n") && strings.ContainsAny(got, "\r\n") {
			t.Fatalf("%q has made a line of its own: %q", text, got)
		}
	})
}
