package invoice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/reports/invoice"
)

// advance is a house whose client pays in advance, by a tariff of another zone than their own where one is given.
func advance(t *testing.T, zone, tariffZone string) *house {
	t.Helper()
	h := newHouse(t)
	h.advances("start", "31", tariffZone)
	h.advances("office", "62", tariffZone)
	h.tariff("seat", "  - {name: seat, text: Agent seat, amount: 15}\n")
	h.operator("start", "", "")
	h.file("operator.yaml", strings.Replace(string(h.files["operator.yaml"].Data), "Europe/Berlin", zone, 1))
	h.apply(on("2026-01-01 09:00"))
	return h
}

func (h *house) advances(name, amount, zone string) {
	h.tariff(name, "  - {name: line, text: "+name+", amount: "+amount+", prorate: true, bill: advance}\n")
	h.file(name+".yaml", strings.Replace(string(h.files[name+".yaml"].Data), "Europe/Berlin", zone, 1))
}

// TestAdvanceIsForAllOfTheNextMonth, however many days it and the one before have, and wherever the client is.
func TestAdvanceIsForAllOfTheNextMonth(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Europe/Berlin", "Europe/Moscow", "America/New_York", "Pacific/Auckland"} {
		for _, tariffZone := range []string{"Europe/Berlin", "UTC", "America/Los_Angeles"} {
			h := advance(t, zone, tariffZone)
			for _, month := range []string{"2026-02", "2026-03", "2026-04", "2026-09", "2026-10", "2026-11"} {
				require.Equal(t, "start: 31 x 1 = 31 berlin 15.5 koeln 15.5\ntotal 31\n", h.draft(month, on("2026-12-02 12:00")), "%s by %s, %s", zone, tariffZone, month)
			}
		}
	}
}

// TestAdvanceAndSwitchWheneverInvoiced: what is paid in advance is what was known when the period ended, however late its document is made;
// the next one puts it right. Together they are each plan's own days, once.
func TestAdvanceAndSwitchWheneverInvoiced(t *testing.T) {
	t.Parallel()
	for _, day := range []string{"2026-10-11 14:00", "2026-10-01 10:00"} {
		h := advance(t, "Europe/Berlin", "Europe/Berlin")
		early := h.draft("2026-09", on("2026-10-01 05:00"))
		h.operator("office", "", "")
		h.apply(on(day))
		require.Equal(t, early, h.draft("2026-09", on("2026-10-20 05:00")), day)
		october := h.draft("2026-10", on("2026-11-02 05:00"))
		if day == "2026-10-01 10:00" {
			require.Contains(t, october, "start: 31 x 1 = -31 ", day)
			require.Contains(t, october, "office: 62 x 1 = 62 ", day)
		} else {
			require.Contains(t, october, "start: 31 x 1 = -21 ", day)
			require.Contains(t, october, "office: 62 x 1 = 42 ", day)
		}
		require.Equal(t, 2, strings.Count(october, "office: 62 x 1 = "), day)
		require.Equal(t, "office: 62 x 1 = 62 berlin 31 koeln 31\ntotal 62\n", h.draft("2026-11", on("2026-12-02 05:00")), day)
	}
}

// TestTrialIsCountedInDays: a trial of seven days frees seven days of the client's calendar, one of 25 hours among them.
func TestTrialIsCountedInDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setUp()
	h.tariff("start", "  - {name: pbx, text: Start, amount: 31, prorate: true}\ntrial: {until: days >= 7 since start}\n")
	h.file("start.yaml", strings.Replace(string(h.files["start.yaml"].Data), "Europe/Berlin", "Asia/Tokyo", 1))
	h.apply(on("2026-08-01 10:00"))
	h.world.profiles = map[string]invoice.Profile{"acme": {Since: on("2026-10-20 00:00")}}
	require.Contains(t, h.draft("2026-10", on("2026-11-02 05:00")), "Start: 31 x 1 = 5 ")
}

// TestDiscountOfWhatIsGivenBack: who paid a fee in advance with a discount gets back what they paid.
func TestDiscountOfWhatIsGivenBack(t *testing.T) {
	t.Parallel()
	h := advance(t, "Europe/Berlin", "Europe/Berlin")
	h.world.profiles = map[string]invoice.Profile{"acme": {Discounts: []invoice.Discount{{Name: "Half", Percent: "50"}}}}
	require.Contains(t, h.draft("2026-09", on("2026-10-01 05:00")), "total 15.5\n")
	h.operator("office", "", "")
	h.apply(on("2026-10-11 14:00"))
	october := h.draft("2026-10", on("2026-11-02 05:00"))
	require.Contains(t, october, "Half: -10.5 x 1 = -10.5 berlin -5.25 koeln -5.25\n", "half of 42 less 21")
	require.Contains(t, october, "total 41.5\n", "half of 31 for 21 days given back, of 62 for 21 days, and of 62 for November")
}
