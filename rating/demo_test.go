package rating_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/rating"
	"trunkline/rating/deckfile"
)

func demo(t *testing.T, name string) *rating.Tariff {
	t.Helper()
	file := filepath.Join("../demo/tariffs", name+".yaml")
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	tariff, err := rating.ParseTariff(file, data, nil)
	require.NoError(t, err)
	return tariff
}

// month returns the fees of March 2026 in Moscow by their names, with the sum of each.
func march(t *testing.T, tariff *rating.Tariff, account rating.Account, f facts) map[string]string {
	t.Helper()
	from, till := at("2026-03-01T00:00:00+03:00"), at("2026-04-01T00:00:00+03:00")
	if tariff.Currency().String() == "EUR" {
		from, till = at("2026-03-01T00:00:00+01:00"), at("2026-04-01T00:00:00+02:00")
	}
	lines, err := tariff.Fees(account, from, till, till, f)
	require.NoError(t, err)
	sums := make(map[string]string)
	for _, l := range lines {
		if l.Amount.IsZero() {
			continue
		}
		require.NotContains(t, sums, l.Fee)
		sums[l.Fee] = l.Amount.String()
	}
	return sums
}

func levels(values map[string]int64) facts {
	var f facts
	for name, v := range values {
		f.values = append(f.values, fact{name: name, value: v})
	}
	return f
}

func oldClient() rating.Account { return rating.Account{Start: at("2025-01-01T00:00:00Z")} }

func total(t *testing.T, tariff *rating.Tariff, used rating.Tally, to string, d time.Duration) string {
	t.Helper()
	c, err := tariff.Price(call(to, d), used)
	require.NoError(t, err)
	used.Apply(c.Uses)
	return c.Total.String()
}

func TestBeelinesFourParts(t *testing.T) {
	tariff, used := demo(t, "beeline-cloud-pbx"), rating.Tally{}
	f := levels(map[string]int64{"seats": 7})
	f.numbers = []rating.NumberFact{
		{Number: "+74951111111", Class: "city", From: at("2025-01-01T00:00:00Z")},
		{Number: "+78001111111", Class: "toll-free", From: at("2025-01-01T00:00:00Z")},
	}
	require.Equal(t, map[string]string{
		"package": "990", "seat": "380", "number-city": "500", "number-federal": "1200",
	}, march(t, tariff, oldClient(), f))
	// A minute of recording takes 0.9 MB: 1,111 of them fit into the free gigabyte, and 200 GB more hold 222,222.
	for minutes, fee := range map[int64]string{1111: "", 1112: "1000", 223_333: "1000", 223_334: "2000"} {
		f.values = []fact{{name: "seats", value: 7}, {name: "storage_mb", value: (minutes*9 + 9) / 10}}
		require.Equal(t, fee, march(t, tariff, oldClient(), f)["storage"], minutes)
	}
	require.Equal(t, "0", total(t, tariff, used, "74951234567", 299*time.Minute))
	require.Equal(t, "5", total(t, tariff, used, "79161234567", 2*time.Minute+time.Second))
	require.Equal(t, "45", total(t, tariff, used, "12125551234", time.Second))
}

func TestOnlinePBXModules(t *testing.T) {
	tariff := demo(t, "onlinepbx-modules")
	f := levels(map[string]int64{"seats": 10, "recorded_extensions": 4, "storage_mb": 3000, "module_crm": 1})
	require.Equal(t, map[string]string{
		"base": "300", "seats": "700", "recording": "240", "storage": "100", "crm": "400",
	}, march(t, tariff, oldClient(), f))
	require.Equal(t, "1.83", total(t, tariff, rating.Tally{}, "74951234567", 61*time.Second))
}

func TestZadarmaStandard(t *testing.T) {
	tariff := demo(t, "zadarma-standard")
	f := levels(map[string]int64{"recorded_extensions": 5, "storage_mb": 401})
	require.Equal(t, map[string]string{"pbx": "5", "recording": "2", "storage": "2"}, march(t, tariff, oldClient(), f))
	f.values = append(f.values, fact{name: "topups", value: 1, at: at("2026-01-02T00:00:00Z")})
	require.NotContains(t, march(t, tariff, oldClient(), f), "pbx")
	require.Equal(t, "0.036", total(t, tariff, rating.Tally{}, "4930123456", 61*time.Second))
	require.Equal(t, "0.09", total(t, tariff, rating.Tally{}, "4915123456", 10*time.Second))
}

func TestZadarmaOffice(t *testing.T) {
	tariff, used := demo(t, "zadarma-office"), rating.Tally{}
	require.Equal(t, map[string]string{"package": "25", "number": "3.6", "storage": "2"},
		march(t, tariff, oldClient(), levels(map[string]int64{"city_numbers": 3, "storage_mb": 2500, "recorded_extensions": 8})))
	require.Equal(t, "3", march(t, tariff, oldClient(), levels(map[string]int64{"recorded_extensions": 11}))["recording"], "eight are free")
	require.Equal(t, "0", total(t, tariff, used, "4930123456", 1999*time.Minute))
	require.Equal(t, "0.015", total(t, tariff, used, "33123456789", 2*time.Minute))
	require.Equal(t, "0.08", total(t, tariff, used, "4915123456", time.Minute))
}

func TestZadarmaCorporation(t *testing.T) {
	tariff, used := demo(t, "zadarma-corporation"), rating.Tally{}
	require.Equal(t, map[string]string{"package": "60", "recording": "2"},
		march(t, tariff, oldClient(), levels(map[string]int64{"recorded_extensions": 22, "city_numbers": 3, "storage_mb": 5000})))
	require.Equal(t, "1.5", march(t, tariff, oldClient(), levels(map[string]int64{"storage_mb": 5001}))["storage"], "5,000 MB are free")
	require.Equal(t, "70", total(t, tariff, used, "4915123456", 1000*time.Minute))
	require.Equal(t, "0.063", total(t, tariff, used, "4915123456", time.Minute))
}

func TestMangoPackage(t *testing.T) {
	tariff, used := demo(t, "mango-package"), rating.Tally{}
	require.Equal(t, map[string]string{"package": "1900", "seat": "500", "recording": "80", "fax": "150"},
		march(t, tariff, oldClient(), levels(map[string]int64{"seats": 7, "recorded_minutes": 1101, "module_fax": 1})))
	require.Equal(t, "0", total(t, tariff, used, "74951234567", 500*time.Minute))
	// 10:00 in UTC is 13:00 in Moscow, on a Monday.
	require.Equal(t, "1.7", total(t, tariff, used, "74951234567", time.Minute))
	require.Equal(t, "42", total(t, tariff, used, "12125551234", time.Minute))
	holiday := call("74951234567", time.Minute)
	holiday.Connect = at("2026-03-08T10:00:00Z")
	c, err := tariff.Price(holiday, used)
	require.NoError(t, err)
	require.Equal(t, "1.2", c.Total.String())
}

func TestMoscowNumberOf700Minutes(t *testing.T) {
	tariff := demo(t, "moscow-700")
	f := facts{numbers: []rating.NumberFact{{Number: "+74951111111", Class: "city", Regions: []string{"RU"}, From: at("2025-01-01T00:00:00Z")}}}
	f.values = []fact{{name: "inbound_seconds", number: "+74951111111", value: 700 * 60, at: at("2026-03-10T00:00:00Z")}}
	require.Equal(t, map[string]string{"moscow-number": "300"}, march(t, tariff, oldClient(), f))
	f.values[0].value++
	require.Empty(t, march(t, tariff, oldClient(), f))
}

func TestTrial(t *testing.T) {
	tariff, used := demo(t, "trial"), rating.Tally{}
	start := at("2026-03-01T00:00:00+03:00")
	talked := func(hours int64) facts {
		return facts{values: []fact{{name: "talk_seconds", value: hours * 3600, at: at("2026-03-02T00:00:00Z")}}}
	}
	account := rating.Account{Start: start}
	require.True(t, tariff.TrialAt(account, start.Add(6*24*time.Hour), talked(4)).Active)
	require.False(t, tariff.TrialAt(account, start.Add(6*24*time.Hour), talked(5)).Active)
	require.False(t, tariff.TrialAt(account, start.Add(7*24*time.Hour), talked(0)).Active)
	account.TrialEnded = start.Add(7 * 24 * time.Hour)
	require.Equal(t, map[string]string{"pbx": "720"}, march(t, tariff, account, talked(4)))
	require.Equal(t, "0", total(t, tariff, used, "74951234567", 5*time.Hour))
	require.Equal(t, "2", total(t, tariff, used, "74951234567", time.Minute))
}

func TestNumberOfAThirdParty(t *testing.T) {
	tariff := demo(t, "third-party-number")
	came := at("2026-03-02T00:00:00+03:00")
	f := facts{numbers: []rating.NumberFact{{Number: "+74951111111", Class: "third-party", From: came}}}
	require.Equal(t, map[string]string{"third-party": "96.77"}, march(t, tariff, oldClient(), f))
	f.numbers[0].Class = "city"
	require.Equal(t, map[string]string{"own-setup": "500", "own-number": "241.94"}, march(t, tariff, oldClient(), f))
}

// TestEveryDemoTariffIsRead also covers files that no other test knows of.
func TestEveryDemoTariffIsRead(t *testing.T) {
	files, err := filepath.Glob("../demo/tariffs/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 9)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		_, err = rating.ParseTariff(file, data, func(name string) (*rating.Deck, error) {
			f, err := os.Open(filepath.Join(filepath.Dir(file), name))
			if err != nil {
				return nil, err
			}
			defer f.Close()
			deck, report, err := deckfile.Load(t.Context(), f, nil, deckfile.Options{Label: name})
			if err != nil {
				return nil, err
			}
			return deck, report.Err()
		})
		require.NoError(t, err)
	}
}
