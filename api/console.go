package api

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// Console is what the pages show.
type Console interface {
	// Overview returns the state of the system now. An error is shown as a page that says that it cannot be read.
	Overview(ctx context.Context) (Overview, error)
}

// Overview is the state of the system at one moment.
type Overview struct {
	At       time.Time `json:"at"`
	Parts    []Part    `json:"parts"`
	Gateways []Gateway `json:"gateways"`
	Calls    []Call    `json:"calls"`
	Total    int       `json:"calls_in_progress"` // Calls may hold fewer.
	Records  []Record  `json:"-"`
	Phones   int       `json:"phones"` // Registered.
	Dead     int       `json:"dead"`   // Legs that could not be rated.
}

// Part is an engine or a service.
type Part struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	Good     bool   `json:"good"`
	Detail   string `json:"detail,omitempty"`
	Restarts int    `json:"restarts"`
}

// Gateway is a carrier's gateway.
type Gateway struct {
	ID      string `json:"id"`
	Carrier string `json:"carrier"`
	Address string `json:"address"`
	Calls   int    `json:"calls"`
	Max     int    `json:"max_calls"`
	Locked  bool   `json:"locked"`
	Why     string `json:"why,omitempty"`
}

// Call is a call in progress.
type Call struct {
	ID        string `json:"id"`
	Tenant    string `json:"tenant"`
	Extension string `json:"extension"`
	From      string `json:"from"`
	To        string `json:"to"`
	Direction string `json:"direction"`
	Gateway   string `json:"gateway"`
	State     string `json:"state"`
	Seconds   int64  `json:"seconds"` // Since the answer.
	Left      int64  `json:"left"`    // Seconds until the grant ends; -1 without a bound.
}

// Record is a leg that was rated.
type Record struct {
	At          time.Time
	Kind        string
	Tenant      string
	Branch      string
	Extension   string
	From        string
	To          string
	Destination string
	Carrier     string
	Gateway     string
	Status      int
	Released    string
	Seconds     int64
	Sale        string
	Cost        string
}

//go:embed templates/*.html assets/*
var content embed.FS

// parsePages parses all templates, so that a mistake in one is found at the start and not by a user.
func parsePages() (*template.Template, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"clock":   func(seconds int64) string { return fmt.Sprintf("%d:%02d", seconds/60, seconds%60) },
		"stamp":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"orDash":  orDash,
		"percent": func(part, whole int) int { return part * 100 / max(whole, 1) },
	}).ParseFS(content, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	return t, nil
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

type overviewPage struct {
	Title string
	Error bool
	Overview
}

func (s *Server) overview(c *gin.Context) {
	page := overviewPage{Title: s.o.Title}
	var err error
	status := http.StatusOK
	if page.Overview, err = s.o.Console.Overview(c.Request.Context()); err != nil {
		s.o.Log.Error("the overview could not be read", "error", err)
		page.Error, status = true, http.StatusServiceUnavailable
	}
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, "overview.html", page); err != nil {
		s.o.Log.Error("the overview could not be rendered", "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

func style(c *gin.Context) {
	c.FileFromFS("assets/style.css", http.FS(content))
}
