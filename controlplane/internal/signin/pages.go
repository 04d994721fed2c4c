package signin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static
var staticFiles embed.FS

// pages renders. Every page is made in memory first, so that none is sent half.
type pages struct {
	product string
	byName  map[string]*template.Template
	assets  map[string]string // path under /static/ → its address, with a digest of the content
}

// page is what every page has.
type page struct {
	Title  string
	Script string // of the page, by its name under static/; "": none
	Body   any
}

// message is the body of a page that only says something.
type message struct {
	Text      string
	Reference string // of a failure, for whoever is asked about it
	Links     []link
}

type link struct{ Text, To string }

// form is the body of a page with one form.
type form struct {
	Intro  string
	Alert  string // what was wrong with it the last time
	Action string
	Token  string
	Fields []field
	Check  *check
	Submit string
	Links  []link
	Others []button // forms of one button, with the same token
}

type field struct {
	Name, Label, Type, Autocomplete, InputMode string
	Value, Hint, Error                         string
	Options                                    []option // a choice instead of a text
	Optional                                   bool
	Focus                                      bool
}

type option struct{ Value, Text string }

type check struct{ Name, Label string }

type button struct{ Action, Name, Value, Text string }

func newPages(product string) (*pages, error) {
	p := &pages{product: product, byName: map[string]*template.Template{}, assets: map[string]string{}}
	static, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, err
	}
	for _, file := range static {
		content, err := staticFiles.ReadFile("static/" + file.Name())
		if err != nil {
			return nil, err
		}
		digest := sha256.Sum256(content)
		p.assets[file.Name()] = "/static/" + file.Name() + "?v=" + hex.EncodeToString(digest[:6])
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	functions := template.FuncMap{
		"asset":   func(name string) string { return p.assets[name] },
		"product": func() string { return p.product },
	}
	for _, file := range files {
		name, isPage := strings.CutSuffix(file.Name(), ".html")
		if !isPage || name == "layout" {
			continue
		}
		t, err := template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/"+file.Name())
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		p.byName[name] = t
	}
	return p, nil
}

// render answers with a page. A page that cannot be rendered is a mistake of the
// program, which tests find; the visitor sees a plain sentence.
func (p *pages) render(w http.ResponseWriter, status int, name string, data page) {
	var out bytes.Buffer
	if err := p.byName[name].Execute(&out, data); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	if data.Script != "" {
		w.Header().Set("Content-Security-Policy", scriptPolicy)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // the browser may be gone
}

func (v *visit) show(name string, data page) error {
	v.server.pages.render(v.w, http.StatusOK, name, data)
	return nil
}

// say shows a page that only says something.
func (v *visit) say(title, text string, links ...link) error {
	return v.show("message", page{Title: title, Body: message{Text: text, Links: links}})
}

// ask shows a form; one with an alert was refused.
func (v *visit) ask(title string, f form) error {
	status := http.StatusOK
	if f.Alert != "" {
		status = http.StatusUnprocessableEntity
	}
	for _, field := range f.Fields {
		if field.Error != "" {
			status = http.StatusUnprocessableEntity
		}
	}
	v.server.pages.render(v.w, status, "form", page{Title: title, Body: f})
	return nil
}

// serveStatic serves the style and the script, which change with the program.
func (p *pages) serveStatic(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.URL.Path)
	if _, ok := p.assets[name]; !ok || r.URL.Path != "/static/"+name {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	http.ServeFileFS(w, r, staticFiles, "static/"+name)
}

// sentence makes a fault's message one.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
