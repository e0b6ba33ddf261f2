package pages

// setupRooms are the pages about what is set up: clients, routing, prices.
func (p *Pages) setupRooms() map[string]handler {
	return map[string]handler{}
}
