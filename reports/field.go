package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Field is something that a filter can look at. Its word stands in filter lines.
type Field string

// The fields.
const (
	FieldAnyNumber   Field = "any" // The called or the caller's number: what a value without a field means.
	FieldTo          Field = "to"
	FieldFrom        Field = "from"
	FieldDialled     Field = "dialled"
	FieldCallerID    Field = "caller_id"
	FieldTenant      Field = "tenant"
	FieldBranch      Field = "branch"
	FieldExtension   Field = "extension"
	FieldNumber      Field = "number" // The tenant's own number that was called.
	FieldDirection   Field = "direction"
	FieldKind        Field = "kind"
	FieldSource      Field = "source"
	FieldNode        Field = "node"
	FieldCarrier     Field = "carrier"
	FieldGateway     Field = "gateway"
	FieldTrunk       Field = "trunk"
	FieldDeck        Field = "deck"
	FieldTariff      Field = "tariff"
	FieldPrefix      Field = "prefix"
	FieldDestination Field = "destination"
	FieldCountry     Field = "country"
	FieldStatus      Field = "status" // Of SIP.
	FieldCause       Field = "cause"  // Of Q.850.
	FieldSide        Field = "side"   // Who released it.
	FieldReason      Field = "reason"
	FieldAttempt     Field = "attempt"  // 0 is the caller's side, 1 the first attempt.
	FieldDuration    Field = "duration" // Of talk.
	FieldBilled      Field = "billed"
	FieldPDD         Field = "pdd"
	FieldSale        Field = "sale"
	FieldCost        Field = "cost"
	FieldRate        Field = "rate" // Per minute.
	FieldCurrency    Field = "currency"
	FieldAnswered    Field = "answered"
	FieldCall        Field = "call" // The id of a call, or the Call-ID of one of its dialogs.
	FieldNote        Field = "note"
)

// valueKind is what the values of a field are.
type valueKind uint8

const (
	textValue     valueKind = iota // With "%" for any characters.
	phoneValue                     // Digits, with "%"; signs and blanks between them do not count.
	wordValue                      // One of a closed set.
	integerValue                   // Also with "x" for any digit: 4xx.
	durationValue                  // Seconds, 90, 1m30s or 1:30; kept in microseconds.
	amountValue                    // A decimal; kept in millionths.
	yesValue                       // yes or no.
)

// traits says what can be asked of a field.
type traits struct {
	field Field
	kind  valueKind
	words []string
	help  string
}

func fieldTraits() []traits {
	return []traits{
		{FieldAnyNumber, phoneValue, nil, "called or caller's number; what a value alone means"},
		{FieldTo, phoneValue, nil, "called number"},
		{FieldFrom, phoneValue, nil, "caller's number"},
		{FieldDialled, textValue, nil, "digits as they were dialled or sent"},
		{FieldCallerID, textValue, nil, "caller id as it was received or sent"},
		{FieldTenant, textValue, nil, "client company"},
		{FieldBranch, textValue, nil, "branch of the tenant"},
		{FieldExtension, textValue, nil, "short number"},
		{FieldNumber, phoneValue, nil, "the tenant's own number that was called"},
		{FieldDirection, wordValue, []string{"outbound", "inbound", "forwarded", "internal"}, "of the call"},
		{FieldKind, wordValue, []string{"ingress", "egress"}, "the caller's side, or an attempt"},
		{FieldSource, textValue, nil, "sip, or the name of the importer's format"},
		{FieldNode, textValue, nil, "process that wrote the leg"},
		{FieldCarrier, textValue, nil, "carrier tried (egress), or that connected the call (ingress)"},
		{FieldGateway, textValue, nil, "as carrier"},
		{FieldTrunk, textValue, nil, "line of a PBX as it was recorded, or the client's own trunk; gateway/... is what an inbound call came by"},
		{FieldDeck, textValue, nil, "the carrier's price list"},
		{FieldTariff, textValue, nil, "what the tenant pays by"},
		{FieldPrefix, textValue, nil, "prefix that the price was found by"},
		{FieldDestination, textValue, nil, "name of the destination in the price list"},
		{FieldCountry, textValue, nil, "ISO 3166 code"},
		{FieldStatus, integerValue, nil, "final SIP status; 4xx for a class"},
		{FieldCause, integerValue, nil, "Q.850 cause"},
		{FieldSide, wordValue, []string{"caller", "callee", "limit", "timer", "operator", "routing", "fault", "unknown"}, "who ended it"},
		{FieldReason, textValue, nil, "why we refused or ended it"},
		{FieldAttempt, integerValue, nil, "0 is the caller's side, 1 the first attempt"},
		{FieldDuration, durationValue, nil, "talk: seconds, 1m30s or 1:30"},
		{FieldBilled, integerValue, nil, "billed seconds"},
		{FieldPDD, durationValue, nil, "post-dial delay"},
		{FieldSale, amountValue, nil, "price of the call"},
		{FieldCost, amountValue, nil, "cost at the carrier"},
		{FieldRate, amountValue, nil, "price per minute"},
		{FieldCurrency, textValue, nil, "of the sale or the cost"},
		{FieldAnswered, yesValue, nil, "yes or no"},
		{FieldCall, textValue, nil, "id of the call, or a SIP Call-ID"},
		{FieldNote, textValue, nil, "remark on the price"},
	}
}

// traitsOf finds a field by its word or its short form.
func traitsOf(word string) (traits, bool) {
	short := map[string]Field{
		"b": FieldTo, "a": FieldFrom, "caller": FieldFrom, "called": FieldTo, "ext": FieldExtension, "did": FieldNumber, "sip": FieldStatus,
		"q850": FieldCause, "price": FieldSale, "hangup": FieldSide, "seq": FieldAttempt, "gw": FieldGateway,
	}
	field := Field(word)
	if f, ok := short[word]; ok {
		field = f
	}
	all := fieldTraits()
	i := slices.IndexFunc(all, func(t traits) bool { return t.field == field })
	if i < 0 {
		return traits{}, false
	}
	return all[i], true
}

// FilterHelp explains filter lines to people.
func FilterHelp() string {
	var b strings.Builder
	b.WriteString(`A filter line is a list of conditions; all of them must hold.

  7495%                        the called or the caller's number begins with 7495
  to:7495%,7499%               the called number begins with one of both
  !branch:moscow               not of that branch; branch!=moscow is the same
  destination:"Russia mobile"  text with blanks
  duration>1m30s sale>=1.5     longer than that and not cheaper
  status:4xx cause:17..21      a class of SIP status, a range of Q.850 causes
  (carrier:a or carrier:b) pdd>5s

Fields:
`)
	for _, t := range fieldTraits() {
		text := t.help
		if len(t.words) > 0 {
			text += ": " + strings.Join(t.words, ", ")
		}
		fmt.Fprintf(&b, "  %-12s %s\n", t.field, text)
	}
	return b.String()
}
