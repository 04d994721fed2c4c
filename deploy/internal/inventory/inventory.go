// Package inventory knows which metrics our programs register, and which of the
// authorization server's are used, for the tests of rules, dashboards and
// docs/metrics.md.
//
// It reads the source and does not gather from running registries: what a
// registry shows depends on what has happened (a vector without children shows
// nothing) and on options (a router without TLS, a control plane without
// billing), and a metric that is not shown on the day of the test is the one
// that a rule then names wrongly. In this repository every name of a metric is
// a string literal in a file that imports client_golang, whether it stands in
// an Opts literal, in a call of NewDesc or of a small local helper, or as a map's
// key; the one name that is put together (of shared/web, after its component)
// is put together here, too. The architecture of names (component_what_unit)
// makes the literals recognizable. A metric that is named by other means would
// be missed here, and then as well in docs/metrics.md, whose test demands a line
// for each.
package inventory

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Metric is a metric that the code registers.
type Metric struct {
	Name    string
	Type    string    // counter, gauge or histogram
	Buckets []float64 // of a histogram, if they are written out
}

// components are the folders whose programs are scraped.
var components = []string{"router", "controlplane", "cell", "shared"}

var metricName = regexp.MustCompile(`^(router|controlplane|cell|cell_internal|database_pool|disk|tracing)_[a-z][a-z0-9_]*$`)

// webSuffix is what shared/web puts behind its component's name.
const webSuffix = "_http_request_duration_seconds"

// runtime are the metrics of client_golang's own collectors that rules and
// dashboards use, and "up", which is Prometheus' own.
var runtime = []Metric{
	{Name: "up", Type: "gauge"},
	{Name: "process_start_time_seconds", Type: "gauge"},
	{Name: "process_open_fds", Type: "gauge"},
	{Name: "process_max_fds", Type: "gauge"},
	{Name: "process_resident_memory_bytes", Type: "gauge"},
	{Name: "process_cpu_seconds_total", Type: "counter"},
	{Name: "go_goroutines", Type: "gauge"},
}

// Runtime returns what every process of ours exports besides its own metrics,
// as far as it is used here, and "up".
func Runtime() []Metric { return runtime }

// hydra are the metrics of the authorization server that rules and dashboards use. It
// is not our code; that a real one shows them is tested where tests have one, against
// docs/metrics.md (controlplane/internal/hydra).
var hydra = []Metric{
	{Name: "http_requests_total", Type: "counter"},
	{Name: "http_requests_duration_seconds", Type: "histogram"},
}

// Registered returns, by name, the metrics that the code below the repository's
// root registers, and the authorization server's.
func Registered(root string) (map[string]Metric, error) {
	r := reader{found: map[string]Metric{}}
	for _, m := range hydra {
		r.found[m.Name] = m
	}
	for _, c := range components {
		err := fs.WalkDir(os.DirFS(root), c, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			return r.file(root + "/" + path)
		})
		if err != nil {
			return nil, err
		}
	}
	for _, c := range r.webComponents {
		delete(r.found, c) // "cell_internal" alone only looks like one
		m := r.web
		m.Name = c + webSuffix
		r.found[m.Name] = m
	}
	return r.found, nil
}

type reader struct {
	found         map[string]Metric
	web           Metric   // of shared/web, without a component
	webComponents []string // that shared/web serves
}

func (r *reader) file(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if imports(file, "coditect/platform/shared/web") {
		ast.Inspect(file, func(n ast.Node) bool { r.component(n); return true })
	}
	if imports(file, "prometheus/client_golang/prometheus") {
		ast.Inspect(file, func(n ast.Node) bool { r.node(n); return true })
	}
	return nil
}

func imports(file *ast.File, suffix string) bool {
	for _, spec := range file.Imports {
		if strings.HasSuffix(strings.Trim(spec.Path.Value, `"`), suffix) {
			return true
		}
	}
	return false
}

// component notes "Component: name" of a web.Options literal.
func (r *reader) component(n ast.Node) {
	if kv, ok := n.(*ast.KeyValueExpr); ok && isIdent(kv.Key, "Component") {
		if name, ok := text(kv.Value); ok {
			r.webComponents = append(r.webComponents, name)
		}
	}
}

// node notes literals that look like a metric's name; a HistogramOpts literal
// is visited before the name in it.
func (r *reader) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if sel, ok := n.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "HistogramOpts" {
			r.histogram(n)
		}
	case *ast.BasicLit:
		name, ok := text(n)
		if _, known := r.found[name]; ok && !known && metricName.MatchString(name) {
			r.found[name] = Metric{Name: name, Type: typeByName(name)}
		}
	}
}

func (r *reader) histogram(opts *ast.CompositeLit) {
	m := Metric{Type: "histogram"}
	var name ast.Expr
	for _, e := range opts.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		switch {
		case isIdent(kv.Key, "Name"):
			name = kv.Value
		case isIdent(kv.Key, "Buckets"):
			m.Buckets = floats(kv.Value)
		}
	}
	if sum, ok := name.(*ast.BinaryExpr); ok {
		if suffix, ok := text(sum.Y); ok && suffix == webSuffix {
			r.web = m
		}
		return
	}
	if s, ok := text(name); ok {
		m.Name = s
		r.found[s] = m
	}
}

// typeByName follows Prometheus' convention, which the programs keep.
func typeByName(name string) string {
	if strings.HasSuffix(name, "_total") {
		return "counter"
	}
	return "gauge"
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func text(e ast.Node) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func floats(e ast.Expr) []float64 {
	list, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	var all []float64
	for _, item := range list.Elts {
		if lit, ok := item.(*ast.BasicLit); ok {
			if v, err := strconv.ParseFloat(lit.Value, 64); err == nil {
				all = append(all, v)
			}
		}
	}
	return all
}
