package api

import (
	"context"
	_ "embed" // The description stands beside the code.
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/gin-gonic/gin"
)

//go:embed openapi.yaml
var openAPI []byte

// Description is the API's description, which requests are held against. Several servers may share one.
type Description struct {
	doc    *openapi3.T
	router routers.Router
}

// Describe reads the description. An error means that openapi.yaml, which is part of the program, is damaged.
func Describe(ctx context.Context) (*Description, error) {
	loader := openapi3.NewLoader()
	loader.Context = ctx
	doc, err := loader.LoadFromData(openAPI)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	if err := doc.Validate(ctx); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &Description{doc, router}, nil
}

// checked refuses requests that are not as the API describes them.
func (s *Server) checked(c *gin.Context) {
	route, params, err := s.described.router.FindRoute(c.Request)
	if err != nil {
		problem(c, http.StatusNotFound, "Not found", "There is no such operation; see /api/docs.")
		return
	}
	err = openapi3filter.ValidateRequest(c.Request.Context(), &openapi3filter.RequestValidationInput{
		Request: c.Request, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err != nil {
		s.failed(c, err)
		return
	}
	c.Next()
}
