package pages

import (
	"fmt"
	"strconv"
	"strings"

	"trunkline/access"
	"trunkline/console"
	"trunkline/provision"
)

// historyView is how an object was set up before.
type historyView struct {
	Kind, ID string
	Kinds    []provision.Kind
	Versions []console.ObjectVersion
	Shown    *console.ObjectVersion // The version whose text is shown; nil: none.
}

// historyKinds are the kinds that have a history.
func historyKinds() []provision.Kind {
	return []provision.Kind{
		provision.KindTenant, provision.KindCarrier, provision.KindGateway, provision.KindRoutePlan, provision.KindDialPlan, provision.KindTariff, provision.KindDeck, provision.KindSettings,
	}
}

// findHistory asks whose history is meant.
func (p *Pages) findHistory(r *request) error {
	if err := mayRead(r.who, access.ReadAudit); err != nil {
		return err
	}
	kind, id := r.Query("kind"), strings.TrimSpace(r.Query("id"))
	if provision.Kind(kind) == provision.KindSettings {
		id = settingsID
	}
	if kind != "" && id != "" && !strings.Contains(kind+id, "/") {
		return r.to("/history/"+kind+"/"+id, "")
	}
	return r.show("history", "History", historyView{Kind: kind, Kinds: historyKinds()})
}

func (p *Pages) history(r *request) error {
	v := historyView{Kind: r.Param("kind"), ID: r.Param("id"), Kinds: historyKinds()}
	var err error
	if v.Versions, err = p.o.Console.ObjectHistory(r.Request.Context(), r.who, provision.Kind(v.Kind), v.ID); err != nil {
		return err
	}
	text := r.Query("revision")
	if text == "" {
		return r.show("history", "History", v)
	}
	revision, err := strconv.ParseInt(text, 10, 64)
	for i := range v.Versions {
		if err == nil && v.Versions[i].Revision == revision {
			v.Shown = &v.Versions[i]
			return r.show("history", "History", v)
		}
	}
	return fmt.Errorf("%w: it has no revision %q", console.ErrNotFound, text)
}
