package console

// NumberClasses are the classes that numbers and fees may name.
func (c *Console) NumberClasses() []string { return c.d.Snapshot().Operator().NumberClasses() }
