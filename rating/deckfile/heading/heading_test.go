package heading_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"trunkline/rating/deckfile/heading"
)

func TestMeanings(t *testing.T) {
	t.Parallel()
	v, err := heading.NewVocabulary()
	require.NoError(t, err)
	for text, want := range map[string]string{
		"Rate": "rate", "Rate per minute": "rate", "Price / min": "rate", "Цена, руб./мин": "rate", "Minutenpreis": "rate", "Prix par minute (€)": "rate",
		"Precio por minuto": "rate", "Prezzo al minuto": "rate", "Preço por minuto": "rate", "USD/min": "rate", "per_minute_cost": "rate",
		"New Price": "rate", "Neuer Preis": "rate", "Новая цена": "rate", "Old Rate": "old_rate", "Bisheriger Preis": "old_rate", "Prix précédent": "old_rate",
		"rate_cost": "rate", "Sell price": "rate", "Interstate": "rate", "Off-Peak Rate": "rate",
		"Price_First": "first_rate", "Price 1": "first_rate", "Price_Next": "next_rate", "Price N": "next_rate", "Next rate": "next_rate",
		"Connect Cost": "connect_fee", "connectcharge": "connect_fee", "Setup Fee": "connect_fee", "Verbindungsentgelt": "connect_fee",
		"Плата за соединение": "connect_fee", "Frais de connexion": "connect_fee", "Scatto alla risposta": "connect_fee", "Flagfall Rate": "connect_fee",
		"Minimum Charge": "min_charge", "Attempt fee": "attempt_fee",
		"Initial increment": "initial", "Initial block": "initial", "init_inc": "initial", "Interval 1": "initial", "Interval_First": "initial", "1st Interval": "initial",
		"Min duration": "initial", "Minimum Time": "initial", "Min Time": "initial", "initblock": "initial", "Erster Takt": "initial", "Начальный интервал": "initial",
		"Recurring increment": "next", "Interval N": "next", "Interval_Next": "next", "Subsequent Increments": "next", "Folgetakt": "next", "Next billing interval": "next",
		"Billing block": "increment", "Billing interval": "increment", "Billing Increments": "increment", "Taktung": "increment", "Тарификация": "increment",
		"billingblock": "increment", "Billable Unit(s)": "increment", "Incremento": "increment", "Palier": "increment",
		"Grace Time": "grace", "Free seconds": "grace", "rate_nocharge_time": "grace",
		"Eff. Date": "effective_from", "Effective from": "effective_from", "Effective": "effective_from", "Valid From": "effective_from", "Gültig ab": "effective_from",
		"Дата начала": "effective_from", "Действует с": "effective_from", "Fecha de inicio": "effective_from", "Date d'effet": "effective_from", "Valido dal": "effective_from",
		"Data de início": "effective_from", "Start Date": "effective_from", "Activation Date": "effective_from", "Date": "effective_from", "As of": "effective_from",
		"End Date": "effective_to", "Valid To": "effective_to", "Expiration Date": "effective_to", "Gültig bis": "effective_to", "Дата окончания": "effective_to",
		"Действует до": "effective_to", "Fecha fin": "effective_to", "Date de fin": "effective_to", "Effective Till": "effective_to", "Data fine": "effective_to",
		"Prefix": "prefix", "Dial Code": "prefix", "dialprefix": "prefix", "Destination Prefixes": "prefix", "Vorwahl": "prefix", "Código": "prefix", "Indicatif": "prefix",
		"Prefisso": "prefix", "Код направления": "prefix", "Breakout": "destination", "NPANXX": "prefix", "Country Code": "country_code", "Landesvorwahl": "country_code",
		"Код страны": "country_code", "Area Codes": "area", "City Code": "area", "Код города": "area", "Ortsvorwahl": "area", "Code From": "code_from", "Code To": "code_to",
		"Origination Prefixes": "origin", "Src Code": "origin", "Origin": "origin",
		"Destination": "destination", "Code Name": "destination", "Destination Name": "destination", "Направление": "destination", "Ziel": "destination", "Beschreibung": "destination",
		"Country": "country", "Network": "network", "Currency": "currency", "Währung": "currency",
		"Status": "status", "Rate change": "status", "Change": "status", "Änderung": "status", "Action": "status", "Blocked": "blocked", "Forbidden": "blocked", "reject_calls": "blocked",
		"Range Start": "code_from", "Rufnummernbereich bis": "code_to", "Prefisso internazionale": "country_code", "Prefisso locale": "area", "AC": "area",
		"Min duration/Increment": "initial", "Charge Increment": "increment", "Minimum Charge Duration": "initial", "Min Charge (sec)": "initial", "Charging": "increment",
		"Вступает в силу": "effective_from", "Commences": "effective_from", "Stichtag": "effective_from", "Effective Date (DD/MM/YYYY)": "effective_from", "Gültig ab (TT.MM.JJJJ)": "effective_from",
		"Closed Date": "effective_to", "Rate before": "old_rate", "Rate after": "rate", "International Rate": "rate", "Situação": "status",
		"Version": "", "Last updated": "", "Notice date": "",
		"Rate ID": "", "LATA": "", "Rate Plan": "", "Comments": "", "Priority": "", "Number Length": "",
	} {
		found := v.Meanings(text)
		kind := ""
		if len(found) > 0 {
			kind = found[0].Kind
		}
		assert.Equal(t, want, kind, "%s: %v", text, found)
	}
}
