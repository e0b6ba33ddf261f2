package pages

// figureRooms are the pages about figures.
func (p *Pages) figureRooms() map[string]handler {
	return map[string]handler{}
}

// dashboard is the first page of a client's people.
func (p *Pages) dashboard(r *request) error { return r.to("/calls", "") }
