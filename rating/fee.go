package rating

// Fee is defined in the next step.
type Fee struct{ Name string }

func (f *Fee) validate() error { return nil }

// Trial is defined in the next step.
type Trial struct{}
