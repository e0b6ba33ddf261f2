package pages

// moneyRooms are the pages about money: accounts, limits, expense reports, invoices.
func (p *Pages) moneyRooms() map[string]handler {
	return map[string]handler{}
}
