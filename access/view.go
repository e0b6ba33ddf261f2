package access

// View is a page with its filters, as somebody keeps it under a name of their own.
type View struct {
	Page  string // Path of the page, such as /calls.
	Name  string
	Query string // What stands behind the "?" of its address.
}
