package console

import (
	"fmt"
	"reflect"

	"trunkline/access"
	"trunkline/internal/e164"
	"trunkline/internal/field"
)

// seesField reports whether a field is shown to somebody who may see what it is part of. This is the one place where the classes of fields
// are held against permissions. Numbers and texts with numbers are shown to all, with their last digits hidden: see masks.
func seesField(who *access.Principal, a field.Access) bool {
	if who.Role.OfTenant() && !a.Client {
		return false
	}
	for _, g := range a.Guards {
		if !passes(who, g) {
			return false
		}
	}
	return true
}

func passes(who *access.Principal, g field.Guard) bool {
	switch g {
	case field.Secret:
		return false
	case field.Price:
		return who.Role.OfTenant() || who.May(access.ReadPrices) // What was agreed on with a client is for its people to see.
	case field.Sale:
		return who.May(access.ReadSale)
	case field.Cost:
		return who.May(access.ReadCost)
	case field.Money:
		return who.May(access.ReadSale) || who.May(access.ReadCost)
	case field.Account:
		return who.May(access.ReadMoney)
	case field.Personal, field.Mentions:
	}
	return true
}

// rulesFor says what of rows somebody sees.
func rulesFor(who *access.Principal) field.Rules {
	r := field.Rules{See: func(a field.Access) bool { return seesField(who, a) }}
	if hidesNumbers(who) {
		r.Mask = mask
	}
	return r
}

// mask hides the last digits of a number in place, or those of the numbers in a text. A number that is no text is hidden as a whole.
func mask(g field.Guard, v reflect.Value) {
	switch v := v.Addr().Interface().(type) {
	case *e164.Number:
		*v = e164.Number{}
	case *string:
		if g == field.Mentions {
			*v = maskedText(*v)
		} else {
			*v = Masked(*v)
		}
	}
}

// redactor takes out of values of a type what somebody does not see. The types are those of rows of ours, whose tags tests read: one that
// cannot be read is a fault of the program.
func redactor[T any](who *access.Principal) field.Redactor[T] { return redactorBy[T](rulesFor(who)) }

func redactorBy[T any](rules field.Rules) field.Redactor[T] {
	r, err := field.NewRedactor[T](rules)
	if err != nil {
		panic(fmt.Errorf("fields of %s: %w", reflect.TypeFor[T](), err))
	}
	return r
}
