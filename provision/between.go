package provision

// How calls between clients of the house are priced: Operator.Between.
const (
	BetweenTariff  = "tariff"  // As any call to that number.
	BetweenFree    = "free"    // They cost nothing.
	BetweenCarrier = "carrier" // They go out by a carrier, and come back.
)

// between checks how calls between clients are priced.
func (c *checker) between(o *Operator) {
	switch o.Between {
	case "", BetweenTariff, BetweenFree, BetweenCarrier:
		return
	}
	c.add("between_clients", "\""+o.Between+"\" is no way", "use tariff, free or carrier")
}
