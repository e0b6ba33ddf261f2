package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
)

// Operation is one thing that the API does, as its description says, for people.
type Operation struct {
	ID, Method, Path, Summary, Description, Tag string
	Permission                                  string
	Parameters                                  []Parameter
	Body                                        string // Name of the schema; empty: none.
	Answer                                      string
}

// Parameter is a part of an address or a header.
type Parameter struct {
	Name, In, Type, Description string
	Required                    bool
}

// Schema is a shape of what is sent and answered.
type Schema struct {
	Name, Description string
	Fields            []Parameter
}

// Described is the description of the API for people: operations by tag and path, and the shapes that they name.
func (s *Server) Described() (about string, operations []Operation, schemas []Schema) {
	doc := s.described.doc
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			operations = append(operations, operation(path, method, op))
		}
	}
	slices.SortFunc(operations, func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	for name, ref := range doc.Components.Schemas {
		one := Schema{Name: name, Description: ref.Value.Description}
		for field, inner := range ref.Value.Properties {
			one.Fields = append(one.Fields, Parameter{
				Name: field, Type: typeOf(inner), Description: inner.Value.Description, Required: slices.Contains(ref.Value.Required, field),
			})
		}
		slices.SortFunc(one.Fields, func(a, b Parameter) int { return cmp.Compare(a.Name, b.Name) })
		schemas = append(schemas, one)
	}
	slices.SortFunc(schemas, func(a, b Schema) int { return cmp.Compare(a.Name, b.Name) })
	return doc.Info.Description, operations, schemas
}

func operation(path, method string, op *openapi3.Operation) Operation {
	o := Operation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	o.Permission, _ = op.Extensions["x-permission"].(string)
	if len(op.Tags) > 0 {
		o.Tag = op.Tags[0]
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, Parameter{
			Name: p.Value.Name, In: p.Value.In, Type: typeOf(p.Value.Schema), Description: p.Value.Description, Required: p.Value.Required,
		})
	}
	if op.RequestBody != nil {
		o.Body = contentOf(op.RequestBody.Value.Content)
	}
	for _, status := range []string{"200", "201"} {
		if res := op.Responses.Value(status); res != nil {
			o.Answer = contentOf(res.Value.Content)
		}
	}
	return o
}

func contentOf(c openapi3.Content) string {
	for kind, media := range c {
		if name := typeOf(media.Schema); kind == "application/json" {
			return name
		}
		return kind
	}
	return ""
}

// typeOf is the name of a schema, or its type.
func typeOf(ref *openapi3.SchemaRef) string {
	switch {
	case ref == nil || ref.Value == nil:
		return ""
	case ref.Ref != "":
		return ref.Ref[strings.LastIndexByte(ref.Ref, '/')+1:]
	case ref.Value.Items != nil:
		return "list of " + typeOf(ref.Value.Items)
	case ref.Value.Type != nil:
		return strings.Join(*ref.Value.Type, " or ")
	}
	return ""
}

// description answers with openapi.yaml.
func description(c *gin.Context) { c.Data(http.StatusOK, "application/yaml", openAPI) }
