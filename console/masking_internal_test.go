package console

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/reports"
)

func TestMaskedNumbers(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"79161234567": "7916123****", "+7 (916) 123-45-67": "+7 (916) 123-**-**", "1234567": "123****", "112": "112", "101": "101", "123456": "123456",
		"anonymous": "anonymous", "": "", "sip:+4915112345678": "sip:+491511234****",
	} {
		require.Equal(t, want, Masked(number), number)
	}
}

func TestMaskedMessages(t *testing.T) {
	t.Parallel()
	const text = "INVITE sip:+79161234567@10.20.30.40:5060;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP 10.20.30.41;branch=z9hG4bK1234567890\r\n" +
		"From: \"79031112233\" <sip:79031112233@pbx.test>;tag=9876543210\r\nTo: 79161234567 <sip:79161234567@pbx.test>\r\nP-Asserted-Identity: tel:+7-903-111-22-33\r\n" +
		"Call-ID: 20261122070000@10.20.30.41\r\nContact: <sip:10.20.30.41:5060>\r\n\r\nv=0\r\no=79031112233 1234567890 1 IN IP4 10.20.30.41\r\ns=call of 79031112233\r\nc=IN IP4 10.20.30.41\r\n"
	const want = "INVITE sip:+7916123****@10.20.30.40:5060;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP 10.20.30.41;branch=z9hG4bK1234567890\r\n" +
		"From: \"7903111****\" <sip:7903111****@pbx.test>;tag=9876543210\r\nTo: 7916123**** <sip:7916123****@pbx.test>\r\nP-Asserted-Identity: tel:+7-903-111-**-**\r\n" +
		"Call-ID: 20261122070000@10.20.30.41\r\nContact: <sip:10.20.30.41:5060>\r\n\r\nv=0\r\no=7903111**** 1234567890 1 IN IP4 10.20.30.41\r\ns=call of 7903111****\r\nc=IN IP4 10.20.30.41\r\n"
	list := []SIPMessage{{Text: text}}
	require.Equal(t, want, maskMessages(&access.Principal{Role: access.NOC}, list)[0].Text)
	require.Equal(t, text, list[0].Text, "others are told of the same")
	require.Equal(t, text, maskMessages(&access.Principal{Role: access.Operator}, list)[0].Text)
}

// TestFiltersTellNoNumbers asks by filters what is not shown.
func TestFiltersTellNoNumbers(t *testing.T) {
	t.Parallel()
	for line, ok := range map[string]bool{
		"7916%": true, "to:749512%": true, "from:101": true, "!to:7916%": true, "duration>60 (carrier:alfa or 7495%)": true, "to:74,79%": true,
		"79161234567": false, "to:79161234567": false, "to:7916123%": false, "%4567": false, "to:7916%67": false, "!from:79161234567": false,
		"dialled:%4567": false, "dialled:1234%": false, "dialled:123%": true, "dialled:101": true, "dialled:1234567": false, "caller_id:79161234567": false, "status:200 (to:7495% or to:79161234567)": false, "to:7495%,79161234567": false,
	} {
		f, err := reports.ParseFilter(line)
		require.NoError(t, err, line)
		err = mayFilter(&access.Principal{Role: access.NOC}, f)
		if ok {
			require.NoError(t, err, line)
		} else {
			require.ErrorIs(t, err, ErrForbidden, line)
		}
		require.NoError(t, mayFilter(&access.Principal{Role: access.Operator}, f), line)
	}
}
