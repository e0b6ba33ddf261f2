package reports

import (
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/field"
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
	shown string // To whom, as a tag of access: who is not shown a field learns nothing of it by a filter.
	help  string
}

func fieldTraits() []traits {
	return []traits{
		{FieldAnyNumber, phoneValue, nil, "client,personal", "called or caller's number; what a value alone means"},
		{FieldTo, phoneValue, nil, "client,personal", "called number"},
		{FieldFrom, phoneValue, nil, "client,personal", "caller's number"},
		{FieldDialled, textValue, nil, "client,personal", "digits as they were dialled or sent"},
		{FieldCallerID, textValue, nil, "client,personal", "caller id as it was received or sent"},
		{FieldTenant, textValue, nil, "client", "client company"},
		{FieldBranch, textValue, nil, "client", "branch of the tenant"},
		{FieldExtension, textValue, nil, "client", "short number"},
		{FieldNumber, phoneValue, nil, "client", "the tenant's own number that was called"},
		{FieldDirection, wordValue, []string{"outbound", "inbound", "forwarded", "internal"}, "client", "of the call"},
		{FieldKind, wordValue, []string{"ingress", "egress"}, "open", "the caller's side, or an attempt"},
		{FieldSource, textValue, nil, "client", "sip, or the name of the importer's format"},
		{FieldNode, textValue, nil, "open", "process that wrote the leg"},
		{FieldCarrier, textValue, nil, "open", "carrier tried (egress), or that connected the call (ingress)"},
		{FieldGateway, textValue, nil, "open", "as carrier"},
		{FieldTrunk, textValue, nil, "open", "line of a PBX as it was recorded, or the client's own trunk; gateway/... is what an inbound call came by"},
		{FieldDeck, textValue, nil, "open", "the carrier's price list"},
		{FieldTariff, textValue, nil, "client,money", "what the tenant pays by"},
		{FieldPrefix, textValue, nil, "client,money", "prefix that the price was found by"},
		{FieldDestination, textValue, nil, "client", "name of the destination in the price list"},
		{FieldCountry, textValue, nil, "client", "ISO 3166 code"},
		{FieldStatus, integerValue, nil, "client", "final SIP status; 4xx for a class"},
		{FieldCause, integerValue, nil, "client", "Q.850 cause"},
		{FieldSide, wordValue, []string{"caller", "callee", "limit", "timer", "operator", "routing", "fault", "unknown"}, "client", "who ended it"},
		{FieldReason, textValue, nil, "client", "why we refused or ended it"},
		{FieldAttempt, integerValue, nil, "open", "0 is the caller's side, 1 the first attempt"},
		{FieldDuration, durationValue, nil, "client", "talk: seconds, 1m30s or 1:30"},
		{FieldBilled, integerValue, nil, "client", "billed seconds"},
		{FieldPDD, durationValue, nil, "client", "post-dial delay"},
		{FieldSale, amountValue, nil, "client,sale", "price of the call"},
		{FieldCost, amountValue, nil, "cost", "cost at the carrier"},
		{FieldRate, amountValue, nil, "client,sale", "price per minute"},
		{FieldCurrency, textValue, nil, "client,money", "of the sale or the cost"},
		{FieldAnswered, yesValue, nil, "client", "yes or no"},
		{FieldCall, textValue, nil, "client", "id of the call, or a SIP Call-ID"},
		{FieldNote, textValue, nil, "client,money", "remark on the price"},
	}
}

// Fields returns all of them.
func Fields() []Field {
	all := fieldTraits()
	fields := make([]Field, len(all))
	for i := range all {
		fields[i] = all[i].field
	}
	return fields
}

// Access says whom the field is shown to. A field that is not known is shown to nobody.
func (f Field) Access() field.Access {
	for _, t := range fieldTraits() {
		if t.field == f {
			return classOf(t.shown)
		}
	}
	return classOf("secret")
}

// classOf reads one of the tags of this package; a test makes sure that they can be read.
func classOf(tag string) field.Access {
	a, err := field.Parse(tag)
	if err != nil {
		panic(err)
	}
	return a
}

// traitsOf finds a field by its word or its short form.
func traitsOf(word string) (traits, bool) {
	short := map[string]Field{
		"b": FieldTo, "a": FieldFrom, "caller": FieldFrom, "called": FieldTo, "ext": FieldExtension, "did": FieldNumber, "sip": FieldStatus,
		"q850": FieldCause, "price": FieldSale, "hangup": FieldSide, "seq": FieldAttempt, "gw": FieldGateway,
	}
	wanted := Field(word)
	if f, ok := short[word]; ok {
		wanted = f
	}
	all := fieldTraits()
	i := slices.IndexFunc(all, func(t traits) bool { return t.field == wanted })
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
