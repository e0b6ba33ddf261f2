package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"trunkline/console"
	"trunkline/provision"
)

// noun is a kind of what is provisioned, as it is addressed. All are served alike.
type noun struct {
	path string // Below /api/v1.
	kind provision.Kind
	part console.Part // Of a tenant; empty: the kind itself.
	only string       // Id of the only one of its kind.
}

func nouns() []noun {
	list := []noun{
		{path: "/settings", kind: provision.KindSettings, only: "operator"},
		{path: "/tenants", kind: provision.KindTenant},
		{path: "/carriers", kind: provision.KindCarrier},
		{path: "/gateways", kind: provision.KindGateway},
		{path: "/decks", kind: provision.KindDeck},
		{path: "/tariffs", kind: provision.KindTariff},
		{path: "/dial-plans", kind: provision.KindDialPlan},
		{path: "/route-plans", kind: provision.KindRoutePlan},
	}
	for _, part := range []console.Part{console.Branches, console.Extensions, console.Numbers, console.Trunks, console.Groups, console.PBXs} {
		list = append(list, noun{path: "/tenants/:tenant/" + string(part), kind: provision.KindTenant, part: part})
	}
	return list
}

// provisioned serves all nouns.
func (s *Server) provisioned(r gin.IRoutes) {
	for _, n := range nouns() {
		id := "/:id"
		switch {
		case n.part != "":
			id = "/:part"
		case n.kind == provision.KindTenant:
			id = "/:tenant"
		case n.only != "":
			r.GET(n.path, s.things(n.get))
			r.PUT(n.path, s.things(n.put))
			continue
		}
		r.GET(n.path, s.things(n.list))
		r.POST(n.path, s.things(n.create))
		r.GET(n.path+id, s.things(n.get))
		r.PUT(n.path+id, s.things(n.put))
		r.DELETE(n.path+id, s.things(n.remove))
	}
}

// thing is an object with its entity tag.
type thing struct {
	status   int
	tag      string
	document any
}

func (s *Server) things(do func(*console.Console, *gin.Context) (thing, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		t, err := do(s.o.Console, c)
		if err != nil {
			s.failed(c, err)
			return
		}
		if t.tag != "" {
			c.Header("ETag", `"`+t.tag+`"`)
		}
		if t.document == nil {
			c.Status(t.status)
			return
		}
		c.JSON(t.status, t.document)
	}
}

// id is the id in the address.
func (n noun) id(c *gin.Context) string {
	if n.only != "" {
		return n.only
	}
	if n.part != "" {
		return c.Param("part")
	}
	if n.kind == provision.KindTenant {
		return c.Param("tenant")
	}
	return c.Param("id")
}

func (n noun) list(s *console.Console, c *gin.Context) (thing, error) {
	ctx := c.Request.Context()
	items := []console.Document{}
	if n.part != "" {
		parts, err := s.Parts(ctx, PrincipalFrom(ctx), c.Param("tenant"), n.part)
		for i := range parts {
			items = append(items, parts[i].Document)
		}
		return thing{status: http.StatusOK, document: gin.H{"items": items}}, err
	}
	things, err := s.Things(ctx, PrincipalFrom(ctx), n.kind)
	for i := range things {
		items = append(items, things[i].Document)
	}
	return thing{status: http.StatusOK, document: gin.H{"items": items}}, err
}

func (n noun) get(s *console.Console, c *gin.Context) (thing, error) {
	ctx := c.Request.Context()
	if n.part != "" {
		p, err := s.Part(ctx, PrincipalFrom(ctx), console.PartOf{Tenant: c.Param("tenant"), Part: n.part, ID: n.id(c)})
		return thing{http.StatusOK, p.Tag, p.Document}, err
	}
	t, err := s.Thing(ctx, PrincipalFrom(ctx), n.kind, n.id(c))
	return thing{http.StatusOK, t.Tag, t.Document}, err
}

func (n noun) create(s *console.Console, c *gin.Context) (thing, error) {
	d, err := document(c)
	if err != nil {
		return thing{}, err
	}
	field := "id"
	if n.part == console.Numbers {
		field = "number"
	}
	id, _ := d[field].(string)
	t, err := n.store(s, c, id, true, d)
	t.status = http.StatusCreated
	return t, err
}

func (n noun) put(s *console.Console, c *gin.Context) (thing, error) {
	d, err := document(c)
	if err != nil {
		return thing{}, err
	}
	return n.store(s, c, n.id(c), c.GetHeader("If-None-Match") == "*", d)
}

func (n noun) store(s *console.Console, c *gin.Context, id string, create bool, d console.Document) (thing, error) {
	ctx, dry := c.Request.Context(), c.Query("dry_run") == "true"
	if n.part != "" {
		p := console.PartOf{Tenant: c.Param("tenant"), Part: n.part, ID: id}
		stored, err := s.PutPart(ctx, PrincipalFrom(ctx), p, console.PartChange{Create: create, Tag: tag(c), DryRun: dry}, d)
		return thing{http.StatusOK, stored.Tag, stored.Document}, err
	}
	changed, err := s.PutThing(ctx, PrincipalFrom(ctx), console.Change{Kind: n.kind, ID: id, Tag: tag(c), Create: create, DryRun: dry}, d)
	return thing{http.StatusOK, changed.Thing.Tag, changed.Thing.Document}, err
}

func (n noun) remove(s *console.Console, c *gin.Context) (thing, error) {
	ctx, gone := c.Request.Context(), thing{status: http.StatusNoContent}
	if n.part != "" {
		return gone, s.DeletePart(ctx, PrincipalFrom(ctx), console.PartOf{Tenant: c.Param("tenant"), Part: n.part, ID: n.id(c)}, tag(c))
	}
	return gone, s.DeleteThing(ctx, PrincipalFrom(ctx), console.Change{Kind: n.kind, ID: n.id(c), Tag: tag(c)})
}

// document reads the body.
func document(c *gin.Context) (console.Document, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		return nil, err
	}
	return console.ParseDocument(body)
}

// tag is what the sender read; an entity tag stands in quotes (RFC 9110, section 8.8.3).
func tag(c *gin.Context) string {
	return strings.Trim(strings.TrimPrefix(c.GetHeader("If-Match"), "W/"), `"`)
}
