package app

import (
	"context"

	"trunkline/console"
	"trunkline/sql/postgres"
)

// incidents are those of the books, as the console has them.
type incidents struct{ *postgres.Books }

// List implements console.Incidents.
func (i incidents) List(ctx context.Context, open bool) ([]console.Incident, error) {
	list, err := i.Incidents(ctx, open)
	out := make([]console.Incident, len(list))
	for n := range list {
		out[n] = console.Incident(list[n])
	}
	return out, err
}
