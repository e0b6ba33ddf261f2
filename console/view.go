package console

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"trunkline/access"
)

// Views keeps pages with their filters.
type Views interface {
	Views(ctx context.Context, login, page string) ([]access.View, error)
	// PutView keeps a view, in the place of the one of its name. An empty query takes it away.
	PutView(ctx context.Context, login string, v access.View) error
}

// Views returns what somebody keeps of a page. Programs keep nothing.
func (c *Console) Views(ctx context.Context, who *access.Principal, page string) ([]access.View, error) {
	if who.Key != "" {
		return nil, nil
	}
	return c.d.Views.Views(ctx, who.User, page)
}

const maxView = 4000

// SaveView keeps a page with its filters under a name; an empty query takes it away. What it shows is asked anew each time, as whoever
// looks at it.
func (c *Console) SaveView(ctx context.Context, who *access.Principal, v access.View) error {
	if err := own(who); err != nil {
		return err
	}
	v.Name = strings.TrimSpace(v.Name)
	_, err := url.ParseQuery(v.Query)
	if v.Name == "" || len(v.Name) > 60 || len(v.Query) > maxView || err != nil || !slices.Contains([]string{"/calls", "/statistics"}, v.Page) {
		return invalid("name: give the view a name of up to 60 bytes")
	}
	return c.d.Views.PutView(ctx, who.User, v)
}
