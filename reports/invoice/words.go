package invoice

import "trunkline/reports"

// vocabulary are the words of a document in one language.
type vocabulary struct {
	invoice, creditNote, number, of, due, period, seller, buyer, taxID                        string
	service, quantity, price, amount, net, including, total, rounding                         string
	calls, minutes, date, caller, called, destination, branch, hash, page, credits, notIssued string
	replaces, givenBack, reverse, exempt, reverseNote, taxOn                                  string
	local, longDistance, mobile, international, incoming                                      string
	branches, numbers, recording, storage, shared, tax, annex, extension, free, summary, sum  string
}

func words(language string) vocabulary {
	switch language {
	case "ru":
		return vocabulary{ //nolint:gosec // Words of documents, no credentials.
			invoice: "Счёт", creditNote: "Кредит-нота", number: "№", of: "от", due: "Оплатить до", period: "Период", seller: "Исполнитель", buyer: "Заказчик", taxID: "ИНН",
			service: "Услуга", quantity: "Кол-во", price: "Цена", amount: "Сумма", net: "Без налога", including: "В том числе", total: "Итого к оплате", rounding: "Округление",
			calls: "Звонков", minutes: "Минут", date: "Дата", caller: "Кто звонил", called: "Куда", destination: "Направление", branch: "Филиал", hash: "Контрольная сумма", page: "Лист",
			credits: "К счёту", notIssued: "Черновик", replaces: "Взамен счёта", givenBack: "Звонки по счёту",
			reverse: "налог исчисляет покупатель", exempt: "без налога:", reverseNote: "Налог исчисляет и уплачивает покупатель (налоговый агент).", taxOn: "с суммы",
			local: "Местные звонки", longDistance: "Междугородные звонки", mobile: "Звонки на мобильные", international: "Международные звонки", incoming: "Входящие звонки",
			branches: "Расходы по филиалам", numbers: "Номера", recording: "Запись", storage: "Хранение", shared: "Общие", tax: "Налог", annex: "Детализация звонков",
			extension: "Внутр.", free: "бесплатно", summary: "Счёт", sum: "Итого",
		}
	case "de":
		return vocabulary{ //nolint:gosec // As above.
			invoice: "Rechnung", creditNote: "Gutschrift", number: "Nr.", of: "vom", due: "Zahlbar bis", period: "Zeitraum", seller: "Anbieter", buyer: "Kunde", taxID: "USt-IdNr.",
			service: "Leistung", quantity: "Menge", price: "Preis", amount: "Betrag", net: "Netto", including: "Darin enthalten", total: "Gesamtbetrag", rounding: "Rundung",
			calls: "Anrufe", minutes: "Minuten", date: "Datum", caller: "Anrufer", called: "Ziel", destination: "Zielgebiet", branch: "Niederlassung", hash: "Prüfsumme", page: "Blatt",
			credits: "Zur Rechnung", notIssued: "Entwurf", replaces: "Ersetzt die Rechnung", givenBack: "Gespräche der Rechnung",
			reverse: "Steuerschuldnerschaft des Leistungsempfängers", exempt: "steuerfrei:", reverseNote: "Steuerschuldnerschaft des Leistungsempfängers.", taxOn: "auf",
			local: "Ortsgespräche", longDistance: "Ferngespräche", mobile: "Gespräche zu Mobilfunk", international: "Auslandsgespräche", incoming: "Ankommende Gespräche",
			branches: "Kosten nach Niederlassungen", numbers: "Nummern", recording: "Aufzeichnung", storage: "Speicher", shared: "Gemeinsam", tax: "Steuer", annex: "Einzelverbindungsnachweis",
			extension: "Nebenst.", free: "frei", summary: "Rechnung", sum: "Summe",
		}
	}
	return vocabulary{
		invoice: "Invoice", creditNote: "Credit note", number: "No.", of: "of", due: "Payable by", period: "Period", seller: "Supplier", buyer: "Customer", taxID: "Tax id",
		service: "Service", quantity: "Quantity", price: "Price", amount: "Amount", net: "Net", including: "Including", total: "Total", rounding: "Rounding",
		calls: "Calls", minutes: "Minutes", date: "Date", caller: "Caller", called: "Called", destination: "Destination", branch: "Branch", hash: "Checksum", page: "Page",
		credits: "For invoice", notIssued: "Draft", replaces: "In place of invoice", givenBack: "Calls of invoice",
		reverse: "reverse charge", exempt: "exempt:", reverseNote: "Reverse charge: the customer accounts for the tax.", taxOn: "on",
		local: "Local calls", longDistance: "Long-distance calls", mobile: "Calls to mobiles", international: "International calls", incoming: "Incoming calls",
		branches: "Expenses by branch", numbers: "Numbers", recording: "Recording", storage: "Storage", shared: "Shared", tax: "Tax", annex: "Call detail",
		extension: "Ext.", free: "free", summary: "Invoice", sum: "Total",
	}
}

func classText(c reports.Class, language string) string {
	w := words(language)
	switch c {
	case reports.Local:
		return w.local
	case reports.LongDistance:
		return w.longDistance
	case reports.Mobile:
		return w.mobile
	case reports.International:
		return w.international
	case reports.Incoming:
		return w.incoming
	}
	return c.String()
}

// columnText is the head of a column of the expense report.
func columnText(c reports.Column, language string) string {
	w := words(language)
	switch c {
	case reports.ColumnLocal:
		return w.local
	case reports.ColumnLongDistance:
		return w.longDistance
	case reports.ColumnMobile:
		return w.mobile
	case reports.ColumnInternational:
		return w.international
	case reports.ColumnIncoming:
		return w.incoming
	case reports.ColumnNumbers:
		return w.numbers
	case reports.ColumnRecording:
		return w.recording
	case reports.ColumnStorage:
		return w.storage
	case reports.ColumnShared:
		return w.shared
	case reports.ColumnRounding:
		return w.rounding
	case reports.ColumnTax:
		return w.tax
	}
	return string(c)
}
