package console

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trunkline/access"
	"trunkline/provision"
)

// Content returns what the file of a deck or a tariff holds; nil: it is not there.
func (c *Console) Content(ctx context.Context, who *access.Principal, kind provision.Kind, id string) ([]byte, error) {
	t, err := c.Thing(ctx, who, kind, id)
	if err != nil {
		return nil, err
	}
	name, ok := t.Document["file"].(string)
	if !ok {
		return nil, fmt.Errorf("%w: %s %s has no file", ErrNotFound, kind, id)
	}
	return c.d.Shelf.File(ctx, name)
}

// fill puts the content that was sent into the file that the object names. The bundle's files are the stored ones: they are copied first.
func (ch *Change) fill(b *provision.Bundle) {
	if ch.Content == nil {
		return
	}
	name := ""
	o := &b.Operator
	switch ch.Kind {
	case provision.KindDeck:
		if i := slices.IndexFunc(o.Decks, func(d provision.DeckSource) bool { return d.ID == ch.ID }); i >= 0 {
			name = o.Decks[i].File
		}
	case provision.KindTariff:
		if i := slices.IndexFunc(o.Tariffs, func(t provision.TariffSource) bool { return t.ID == ch.ID }); i >= 0 {
			name = o.Tariffs[i].File
		}
	case provision.KindSettings, provision.KindTenant, provision.KindCarrier, provision.KindGateway, provision.KindDialPlan, provision.KindRoutePlan:
	}
	if name == "" {
		return
	}
	b.Files = maps.Clone(b.Files)
	if b.Files == nil {
		b.Files = make(map[string][]byte, 1)
	}
	b.Files[name] = ch.Content
}

// logFiles keeps that files were changed; what they held before stands in their history.
func (c *Console) logFiles(ctx context.Context, who *access.Principal, ch Change, changes *provision.Changes) error {
	if len(changes.Files) == 0 {
		return nil
	}
	var note strings.Builder
	for _, name := range slices.Sorted(maps.Keys(changes.Files)) {
		fmt.Fprintf(&note, "%s: %d bytes\n", name, len(changes.Files[name]))
	}
	return c.log(ctx, who, access.AuditEvent{Action: "put file", Object: string(ch.Kind) + " " + ch.ID, After: strings.TrimSpace(note.String())})
}
