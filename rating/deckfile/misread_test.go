package deckfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/rating/deckfile"
)

// TestListsThatWereMisread holds for each kind of list that is easily misread what it must give: rates, or a question.
func TestListsThatWereMisread(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ list, want string }{
		{"Dest,Prefix,Current Price,New Price,Status\nFR,33,0.01,0.015,INCREASE\nCuba,53,0.75,0.75,DELETED\n", "33 FR 0.015 60/60"},
		{"Country,Prefix,Previous rate,Rate from 01 Jan 2027\nDE,49,0.01,0.02\n", "49 DE 0.02 60/60 from 2027-01-01T00:00:00Z"},
		{"Dest,Prefix,Price,Active\nDE,49,0.01,0\nFR,33,0.02,1\n", "33 FR 0.02 60/60"},
		{"Land;Landesvorwahl;Ortsvorwahl;Preis ct/min\nDE;49;30;1,5\n", "4930 DE 0.015 60/60"},
		{"Prefix,Name,Rate per 100 minutes (EUR)\n49,DE,1.5\n", "49 DE 0.015 60/60"},
		{"Prefix,Name,Rate per sec (EUR cents)\n49,DE,0.05\n", "49 DE 0.03 60/60"},
		{"Prefix,Name,Cost per hour\n49,DE,0.6\n", "49 DE 0.01 60/60"},
		{"Rate ID,Prefix,Destination,Rate\n17,44,UK,0.01\n", "44 UK 0.01 60/60"},
		{"Code,Name,Rate,Min Increment,Increment\n49,DE,0.6,30,6\n", "49 DE 0.6 30/6"},
		{"Код;Направление;Цена;Шаг;Мин. длительность\n44;UK;0,01;1;60\n", "44 UK 0.01 60/1"},
		{"from,to,destination,price\n49150,49159,DE,0.05\n", "4915 DE 0.05 60/60"},
		{"Prefix,Name,Rate,From,To\n49,DE,0.05,2026-12-01,2026-12-31\n", "49 DE 0.05 60/60 from 2026-12-01T00:00:00Z till 2027-01-01T00:00:00Z"},
		{"Country,CC,NDC,Price\nDE,49,151,0.05\n", "49151 DE 0.05 60/60"},
		{"Destination,Codes,Rate\nFR,33 6 33 7,0.03\n", "336 FR 0.03 60/60; 337 FR 0.03 60/60"},
		{"Destination,NPA-NXX,Rate\nNJ,201-200,0.001\n", "1201200 NJ 0.001 60/60"},
		{"Dial Prefix|Name|Rate|Block\n49|DE|0.1|No\n33|FR|0.2|Yes\n", "33 FR 0.2 60/60 blocked; 49 DE 0.1 60/60"},
		{"Prefix,Name,Rate,Eff Date\n44,UK,0.01,1/2/27\n33,FR,0.01,1/31/27\n", "33 FR 0.01 60/60 from 2027-01-31T00:00:00Z; 44 UK 0.01 60/60 from 2027-01-02T00:00:00Z"},
		{"All rates in EUR, billed 30/6\n\nPrefix,Destination,Rate\n49,DE,0.01\n", "49 DE 0.01 30/6"},
		{"Prefix,Name,Rate,Price 1,Price N,Interval 1,Interval N\n49,DE,,0.02,0.02,60,1\n", "49 DE 0.02 60/1"},
		{"Prefix,Destination,Rate\n44,UK,0.01\n\nPrefix,Destination,Rate\n33,FR,0.02\nTotal: 2,,\n", "33 FR 0.02 60/60; 44 UK 0.01 60/60"},
		{"Code,Name,Rate,Min duration/Increment\n49,DE,0.6,30/6\n", "49 DE 0.6 30/6"},
		{"Code,Name,Rate,Effective Date (DD/MM/YYYY)\n49,DE,0.6,01/12/2026\n", "49 DE 0.6 60/60 from 2026-12-01T00:00:00Z"},
		{"Code,Name,Rate,Effective Date (mm/dd/yy)\n49,DE,0.6,01/12/26\n", "49 DE 0.6 60/60 from 2026-01-12T00:00:00Z"},
		{"Rufnummernbereich von;Rufnummernbereich bis;Ziel;Preis\n44770;44779;UK;0,03\n", "4477 UK 0.03 60/60"},
		{"Prefisso internazionale;Prefisso locale;Destinazione;Prezzo\n49;151;DE;0,07\n", "49151 DE 0.07 60/60"},
		{"Code,Name,Rate,Status\n49,DE,0.6,Live\n53,CU,0.6,Ceased\n", "49 DE 0.6 60/60"},
		{"Code,Name,Rate,Deleted on\n49,DE,0.6,\n53,CU,0.6,2026-12-24\n", "49 DE 0.6 60/60; 53 CU 0.6 60/60 till 2026-12-25T00:00:00Z"},
		{"Name,Prefix,Price today,Price from 24.12.2026\nDE,49,0.01,0.02\n", "49 DE 0.02 60/60 from 2026-12-24T00:00:00Z"},
		{"Name,Prefix,Rate,Invoicing\nDE,49,0.01,30/6\nFR,33,0.01,1/1\n", "33 FR 0.01 1/1; 49 DE 0.01 30/6"},
		{",,Old price,,New price,\nDest,Prefix,Rate,Incr,Rate,Incr\nDE,49,0.01,1/1,0.02,30/6\n", "49 DE 0.02 30/6"},
		{"Alfa,,\nPreisliste gültig ab 24. Dezember 2026,,\n,,\nVorwahl,Ziel,Preis\n49,DE,0.01\n", "49 DE 0.01 60/60 from 2026-12-24T00:00:00Z"},
		{"Alfa,,\nEffective date:,24.12.2026,\nPrefix,Name,Rate\n49,DE,0.01\n", "49 DE 0.01 60/60 from 2026-12-24T00:00:00Z"},
		{"Alfa,,\nLetter of 24.11.2026,,\nPrefix,Name,Rate\n49,DE,0.01\n", "49 DE 0.01 60/60"},
		{"Destino;Prefixo;Preço;Bloqueado;Ativo\nDE;49;0,01;Não;Sim\nFR;33;0,01;Sim;Sim\nES;34;0,01;Não;Não\n", "33 FR 0.01 60/60 blocked; 49 DE 0.01 60/60"},
		{"Prefix,Name,Price per 10 min\n49,DE,0.5\n", "49 DE 0.05 60/60"},
		{"Prefix,Name,Rate (30/6 sec)\n49,DE,0.5\n", "49 DE 0.5 60/60"},
		{"Prefix,Area code,Name,Rate\n49151,151,DE,0.01\n", "49151 DE 0.01 60/60"},
		{"Code,Name,Rate,Initial Period,Billing Period\n49,DE,0.01,30,6\n", "49 DE 0.01 30/6"},

		{"Code,Name,EEA Rate,RoW Rate\n49,DE,0.01,0.21\n", "asks rate"},
		{"Code,Name,Rate,Allowed\n49,DE,0.01,Yes\n33,FR,0.01,No\n", "asks status_is"},
		{"Code,Additional codes,Name,Rate\n4915,\"4916,4917\",DE,0.01\n", "asks ignore"},
		{"Code,Name,Rate,Threshold,Increment\n49,DE,0.01,30,6\n", "asks initial"},
		{"Prefix,Area code,Name,Rate\n49,151,DE,0.01\n33,6,FR,0.01\n", "asks area"},
		{"CC,Op.,Name,Rate\n49,151,DE,0.01\n33,621,FR,0.01\n", "asks area"},
		{"Code,Last code,Name,Rate\n49150,49159,DE,0.01\n", "asks code_to"},
		{"Prefix,Name,Rate,Sunrise\n49,DE,0.01,2026-12-24\n", "asks effective_from"},
		{"Prefix,Name,Rate,Effective,Sunset\n49,DE,0.01,2026-12-24,2027-12-24\n", "asks effective_to"},
		{"Prefix,Name,Rate,Status\n49,DE,0.01,Amber\n33,FR,0.01,Green\n", "asks status"},
		{"Alfa,,\nEffective date:,01/12/2026,\nPrefix,Name,Rate\n49,DE,0.01\n", "asks dates"},
		{"All prices in US cents per minute,,\n,,\nPrefix,Name,Rate\n49,DE,1.5\n", "asks unit"},
		{"Prefix,Name,Rate,Per\n49,DE,0.6,hour\n33,FR,0.01,minute\n", "asks unit"},
		{"Prefix,Name,Rate,New\n49,DE,0.01,0.02\n", "asks rate"},
		{"Prefix,Name,Rate,Effective\n49,DE,0.6,01/12/2026\n", "asks dates"},
		{"Prefix,Name,Rate,Rate\n49,DE,0.02,0.01\n", "asks rate"},
		{"Prefix,Name,Selling Price,Cost\n49,DE,0.02,0.01\n", "asks rate"},
		{"Prefix,Code,Name,Rate\n1,49,DE,0.02\n", "asks prefix"},
		{"Prefix,Name,Rate,Surcharge\n49,DE,0.6,0.1\n", "asks ignore"},
		{"Prefix,Name,Peak Rate,Off-Peak Rate\n49,DE,0.02,0.01\n", "asks rate"},
		{"Prefix,Name,Rate,Off-Peak Rate\n49,DE,0.02,0.01\n", "asks period off-peak"},
		{"NPA,NXX,Inter,Intra\n201,200,0.001,0.002\n", "asks rate"},
		{"Area Code,State,Rate\n201,NJ,0.01\n", "asks country_code"},
		{"Prefix,Name,Origin Group,Rate\n49,DE,EEA,0.02\n", "asks origin"},
		{"Prefix,Name,Rate\n49,DE,\"1,234\"\n", "asks decimal"},
		{"Prefix,Name,Rate,Notes\n49,DE,0.6,Code closed from 1 Jan\n33,FR,0.6,\n", "asks status"},
		{"Prefix,Name,Rate,Time Profile\n49,DE,0.6,weekend\n", "asks period"},
		{"Prefix,Name,Price 1,Price N,Interval 1,Interval N\n49,DE,0.03,0.02,60,1\n", "asks first_price"},
	} {
		deck, report, err := deckfile.Load(t.Context(), strings.NewReader(c.list), nil, deckfile.Options{})
		if about, asks := strings.CutPrefix(c.want, "asks "); asks {
			open, ok := errors.AsType[*deckfile.QuestionError](err)
			require.True(t, ok, "%s: %v", c.list, err)
			require.Equal(t, about, open.Questions[0].About, c.list)
			require.NotEmpty(t, open.Questions[0].Flag)
			continue
		}
		require.NoError(t, err, c.list)
		require.NoError(t, report.Err(), c.list)
		require.Equal(t, c.want, strings.Join(lines(deck), "; "), c.list)
	}
}

// TestAnswers are taken instead of what would be found out.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ list, said, want string }{
		{"Prefix,Name,Rate,Effective\n49,DE,0.6,01/12/2026\n", "dates=mdy", "49 DE 0.6 60/60 from 2026-01-12T00:00:00Z"},
		{"Prefix,Name,Value,Premium\n49,DE,0.02,0.01\n", "column=rate=Premium", "49 DE 0.01 60/60"},
		{"NPANXX,Interstate,Intrastate\n201200,0.001,0.002\n", "column=rate=Interstate+Intrastate", "1201200  0.002 60/60"},
		{"Prefix,Name,Price 1,Price N,Interval 1,Interval N\n49,DE,0.03,0.02,60,1\n", "first-price=connect_fee", "49 DE 0.02 60/1 +0.01"},
		{"Area Code,State,Rate\n201,NJ,0.01\n", "country-code=1", "1201  0.01 60/60"},
		{"Prefix,Name,Rate,Surcharge\n49,DE,0.6,0.1\n", "column=connect_fee=Surcharge", "49 DE 0.6 60/60 +0.1"},
		{"Prefix,Name,Rate,State\n49,DE,0.6,OK\n33,FR,0.5,GONE\n", "column=status=State;mark=ok=kept;mark=gone=closed", "49 DE 0.6 60/60"},
		{"Prefix,Name,Rate\n49,DE,1.5\n", "unit=cent minute;increment=1/1", "49 DE 0.015 1/1"},
		{"Prefix,Name,Rate,End\n49,DE,1.5,2026-12-31\n", "ends=exclusive;zone=Europe/Berlin", "49 DE 1.5 60/60 till 2026-12-30T23:00:00Z"},
		{"x,y,z\n49,DE,1.5\n", "first-row=1;column=prefix=1;column=rate=z", "49  1.5 60/60"},
	} {
		var opts deckfile.Options
		for said := range strings.SplitSeq(c.said, ";") {
			name, value, _ := strings.Cut(said, "=")
			require.NoError(t, opts.Answers.Set(name, value))
		}
		deck, report, err := deckfile.Load(t.Context(), strings.NewReader(c.list), nil, opts)
		require.NoError(t, err, c.list)
		require.NoError(t, report.Err(), c.list)
		require.Equal(t, c.want, strings.Join(lines(deck), "; "), c.list)
	}
	var a deckfile.Answers
	require.ErrorIs(t, a.Set("nothing", "x"), deckfile.ErrMapping)
	require.ErrorIs(t, a.Set("column", "rate"), deckfile.ErrMapping)
}

// TestTheUnitOfTheLastList holds for the next one, whose heading says as little.
func TestTheUnitOfTheLastList(t *testing.T) {
	t.Parallel()
	var opts deckfile.Options
	require.NoError(t, opts.Answers.Set("unit", "cent second"))
	_, first, err := deckfile.Load(t.Context(), strings.NewReader("Prefix,Name,Rate\n49,DE,0.05\n"), nil, opts)
	require.NoError(t, err)
	deck, _, err := deckfile.Load(t.Context(), strings.NewReader("Name,Prefix,Rate\nDE,49,0.1\n"), nil, deckfile.Options{Learned: &first.Mapping})
	require.NoError(t, err)
	require.Equal(t, "49 DE 0.06 60/60", strings.Join(lines(deck), "; "))
}

// TestClosedFromTheDayAbove ends what a list closes when its prices begin, and not at once.
func TestClosedFromTheDayAbove(t *testing.T) {
	t.Parallel()
	_, report, err := deckfile.Load(t.Context(), strings.NewReader("Alfa,,,\nRates effective as of 2026-12-24,,,\nCode,Dest,Rate,Status\n44,UK,0.01,New\n53,CU,0.7,Deleted\n"), nil, deckfile.Options{})
	require.NoError(t, err)
	require.Len(t, report.Closed, 1)
	require.Equal(t, "2026-12-24", report.Closed[0].From.Format("2006-01-02"))
}
