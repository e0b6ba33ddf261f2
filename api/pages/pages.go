package pages

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"trunkline/access"
	"trunkline/api"
	"trunkline/console"
	"trunkline/internal/clock"
)

//go:embed templates locales assets
var content embed.FS

// Options set the pages up.
type Options struct {
	Console *console.Console
	Gate    *access.Gate
	// Brand is the look for somebody of a tenant, or for who comes by a host name.
	Brand func(host, tenant string) Brand
	Clock clock.Clock
	OIDC  OIDC
	Log   *slog.Logger
	Press *Press // Nil: New sets it up.
}

// Brand is how the pages look.
type Brand struct {
	Name   string
	Colour string // Of what stands out, such as #0b63ce; empty: ours.
	// Image is the logo, and ImageType its media type; empty: there is none.
	Image     []byte
	ImageType string
}

// Pages serves browsers.
type Pages struct {
	*Press

	o       Options
	server  *api.Server
	packer  packer
	voucher *voucher // Nil: nobody vouches.
}

// Press is what all pages are made from: templates, translations and the files beside them. Several Pages may share one.
type Press struct {
	assets assets
	words  map[string]words
	sets   map[string]map[string]*template.Template // By language and page.
}

// New returns pages that answer as the options say. It fails as NewPress does.
func New(o Options) (*Pages, error) {
	if o.Press == nil {
		var err error
		if o.Press, err = NewPress(); err != nil {
			return nil, err
		}
	}
	return &Pages{Press: o.Press, o: o, voucher: newVoucher(o.OIDC)}, nil
}

// NewPress parses all templates and translations, so that a mistake in one is found at the start and not by a user. It fails where one
// does not parse, or where a file was not fetched before the program was built.
func NewPress() (*Press, error) {
	p := &Press{words: make(map[string]words), sets: make(map[string]map[string]*template.Template)}
	var err error
	if p.assets, err = readAssets(); err != nil {
		return nil, err
	}
	for _, language := range access.Languages() {
		w, err := readWords(language)
		if err != nil {
			return nil, err
		}
		p.words[language] = w
		if p.sets[language], err = parse(language, w, p.assets); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"htmx.min.js", "echarts.min.js", "world.json"} {
		if _, ok := p.assets["vendor/"+name]; !ok {
			return nil, fmt.Errorf("%s was not there when the program was built: run `make build`, which fetches it", name)
		}
	}
	return p, nil
}

// parse makes a template for each page: the layout, the parts and the page's own blocks.
func parse(language string, w words, a assets) (map[string]*template.Template, error) {
	base, err := template.New("").Funcs(functions(language, w)).Funcs(template.FuncMap{"asset": a.address}).ParseFS(content, "templates/layout/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	files, err := fs.Glob(content, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the pages: %w", err)
	}
	set := make(map[string]*template.Template)
	for _, file := range files {
		one, err := base.Clone()
		if err == nil {
			one, err = one.ParseFS(content, file)
		}
		if err != nil {
			return nil, fmt.Errorf("parse the pages: %w", err)
		}
		set[strings.TrimSuffix(path.Base(file), ".html")] = one
	}
	return set, nil
}

// Register implements api.Pages.
func (p *Pages) Register(r gin.IRouter, s *api.Server) {
	p.server = s
	r.GET("/assets/*file", p.assets.serve)
	for _, route := range slices.Sorted(maps.Keys(p.publicRoutes())) {
		method, address, _ := strings.Cut(route, " ")
		r.Handle(method, address, p.serve(p.publicRoutes()[route], false, bodyMost))
	}
	for _, route := range slices.Sorted(maps.Keys(p.routes())) {
		method, address, _ := strings.Cut(route, " ")
		r.Handle(method, address, p.serve(p.routes()[route], true, limitOf(route)))
	}
	for _, route := range slices.Sorted(maps.Keys(p.importRoutes())) {
		method, address, _ := strings.Cut(route, " ")
		r.Handle(method, address, p.serve(p.importRoutes()[route], true, console.MaxDeck+bodyMost))
	}
}

// limitOf is how much may be sent to a route: files of prices are larger than forms.
func limitOf(route string) int64 {
	switch route {
	case "POST /decks/:id", "POST /tariffs/:id":
		return fileMost
	case "POST /operator-file":
		return console.MaxDeck + bodyMost
	}
	return bodyMost
}

// handler shows a page, or does what its form asks.
type handler func(*request) error

// publicRoutes are the pages for people who have not signed in yet.
func (p *Pages) publicRoutes() map[string]handler {
	return map[string]handler{
		"GET /sign-in": p.signIn, "POST /sign-in": p.trySignIn,
		"GET /api/docs": p.docs, "GET /sign-in/oidc": p.vouch, "GET " + oidcBack: p.vouched, "GET /forgot": p.forgot, "POST /forgot": p.mailReset, "GET /brand.css": p.brandColour, "GET /brand/logo": p.brandLogo, "GET /welcome/:token": p.welcome, "POST /welcome/:token": p.choosePassword,
	}
}

// routes are the pages for people who are signed in.
func (p *Pages) routes() map[string]handler {
	all := make(map[string]handler)
	for _, some := range []map[string]handler{
		p.nowRoutes(), p.callRoutes(), p.figureRoutes(), p.lineRoutes(), p.setupRoutes(), p.stockRoutes(), p.moneyRoutes(), p.keepRoutes(), p.jobRoutes(), p.upkeepRoutes(), p.booksRoutes(), p.ownRoutes(),
	} {
		maps.Copy(all, some)
	}
	return all
}

// NotFound implements api.Pages.
func (p *Pages) NotFound(c *gin.Context) bool {
	if strings.HasPrefix(c.Request.URL.Path, "/api/") || !strings.Contains(c.GetHeader("Accept"), "text/html") {
		return false
	}
	p.serve(func(*request) error { return fmt.Errorf("%w: there is no page at this address", console.ErrNotFound) }, true, bodyMost)(c)
	return true
}

// brandColour is the colour of a brand as a sheet of style: pages have no style of their own in them.
func (p *Pages) brandColour(r *request) error {
	sheet := ""
	if colour := r.brand().Colour; colour != "" {
		sheet = ":root, :root[data-theme] { --accent: " + colour + "; --on-accent: " + readable(colour) + "; }\n"
	}
	r.Data(http.StatusOK, "text/css; charset=utf-8", []byte(sheet))
	return nil
}

// readable is black or white, whichever is read better on a colour (WCAG 2.2, relative luminance, in whole numbers).
func readable(colour string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return "#fff"
	}
	const bright = 150_000
	if 299*(n>>16&0xff)+587*(n>>8&0xff)+114*(n&0xff) > bright {
		return "#000"
	}
	return "#fff"
}

func (p *Pages) brandLogo(r *request) error {
	b := r.brand()
	if b.ImageType == "" || len(b.Image) == 0 {
		return fmt.Errorf("%w: there is no logo", console.ErrNotFound)
	}
	r.Data(http.StatusOK, b.ImageType, b.Image)
	return nil
}
