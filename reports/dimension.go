package reports

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trunkline/internal/field"
)

// ErrQuery is returned, wrapped, for a question that cannot be answered.
var ErrQuery = errors.New("bad question")

// Dimension is something that figures are grouped by. Its word stands on command lines and in addresses.
type Dimension string

// The dimensions. Those of time are in the zone of the question's period.
const (
	ByTenant      Dimension = "tenant"
	ByBranch      Dimension = "branch"
	ByExtension   Dimension = "extension"
	ByNumber      Dimension = "number"
	ByDirection   Dimension = "direction"
	ByDestination Dimension = "destination"
	ByCountry     Dimension = "country"
	ByCarrier     Dimension = "carrier"
	ByGateway     Dimension = "gateway"
	ByCause       Dimension = "cause"
	ByStatus      Dimension = "status"  // SIP; answered from the records themselves, so slower.
	ByCaller      Dimension = "caller"  // As ByStatus.
	ByCalled      Dimension = "called"  // As ByStatus.
	ByHour        Dimension = "hour"    // Every hour of the period; two of the same name where summer time ends.
	ByDay         Dimension = "day"     // Every day.
	ByMonth       Dimension = "month"   // Every month.
	ByWeekday     Dimension = "weekday" // 1 is Monday.
	ByHourOfDay   Dimension = "hour_of_day"
)

// Dimensions returns all of them.
func Dimensions() []Dimension {
	return []Dimension{
		ByTenant, ByBranch, ByExtension, ByNumber, ByDirection, ByDestination, ByCountry, ByCarrier, ByGateway, ByCause,
		ByStatus, ByCaller, ByCalled, ByHour, ByDay, ByMonth, ByWeekday, ByHourOfDay,
	}
}

// Access says whom groups of the dimension are shown to.
func (d Dimension) Access() field.Access {
	switch d {
	case ByTenant, ByCarrier, ByGateway:
		return classOf("open")
	case ByCaller, ByCalled:
		return classOf("client,personal")
	case ByBranch, ByExtension, ByNumber, ByDirection, ByDestination, ByCountry, ByCause, ByStatus, ByHour, ByDay, ByMonth, ByWeekday, ByHourOfDay:
	}
	return classOf("client")
}

// ParseDimensions reads a list such as "branch,day".
func ParseDimensions(text string) ([]Dimension, error) {
	var out []Dimension
	for word := range strings.SplitSeq(text, ",") {
		d := Dimension(strings.TrimSpace(word))
		switch {
		case d == "":
			continue
		case !slices.Contains(Dimensions(), d):
			return nil, fmt.Errorf("%w: by %q: want some of %v", ErrQuery, word, Dimensions())
		case slices.Contains(out, d):
			return nil, fmt.Errorf("%w: by %q twice", ErrQuery, word)
		}
		out = append(out, d)
	}
	return out, nil
}

// Timed reports whether the dimension is a part of time.
func (d Dimension) Timed() bool {
	switch d {
	case ByHour, ByDay, ByMonth, ByWeekday, ByHourOfDay:
		return true
	case ByTenant, ByBranch, ByExtension, ByNumber, ByDirection, ByDestination, ByCountry, ByCarrier, ByGateway, ByCause, ByStatus, ByCaller, ByCalled:
	}
	return false
}

// Side says what is counted: calls, as their callers see them, or attempts at carriers. Both are never counted together.
type Side string

// The sides.
const (
	Calls    Side = "calls"    // Ingress legs.
	Attempts Side = "attempts" // Egress legs.
)

// ParseSide reads the word of a side; empty text is Calls.
func ParseSide(text string) (Side, error) {
	switch s := Side(text); s {
	case "", Calls:
		return Calls, nil
	case Attempts:
		return Attempts, nil
	}
	return "", fmt.Errorf("%w: side %q: want calls or attempts", ErrQuery, text)
}
