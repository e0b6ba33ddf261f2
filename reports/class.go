package reports

import "strings"

// Class is the kind of a call in an accountant's eyes.
type Class uint8

// The classes.
const (
	Local         Class = iota + 1 // Within the caller's own area.
	LongDistance                   // Within the country.
	Mobile                         // To mobile numbers of the country.
	International                  // Abroad, mobile or not.
	Incoming                       // From outside, where the tariff charges for that.
)

// Classes returns all of them in the order of the report's columns.
func Classes() []Class { return []Class{Local, LongDistance, Mobile, International, Incoming} }

// String returns the word that stands in reports.
func (c Class) String() string {
	switch c {
	case Local:
		return "local"
	case LongDistance:
		return "long_distance"
	case Mobile:
		return "mobile"
	case International:
		return "international"
	case Incoming:
		return "incoming"
	}
	return "unknown"
}

// Home is where a branch is: its country code, and its area code behind it.
type Home struct {
	Country string
	Area    string
}

// Classify tells the class of a call by where it was made from and the beginning of the number called. A destination
// is mobile when its name in the tariff says so. Calls without a number stay in the house.
func Classify(home Home, outbound bool, to, destination string) Class {
	switch {
	case !outbound:
		return Incoming
	case to == "":
		return Local
	case home.Country == "" || !strings.HasPrefix(to, home.Country):
		return International
	case strings.Contains(strings.ToLower(destination), "mobile"):
		return Mobile
	case home.Area != "" && strings.HasPrefix(to, home.Country+home.Area):
		return Local
	}
	return LongDistance
}
