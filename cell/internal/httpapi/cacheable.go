package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/cell"
)

// cacheable is an operation whose answers are remembered. They depend on
// nothing but the tenant's rows, path and query, and are the same for all who
// have the permission.
type cacheable struct {
	route      string // the path's template
	permission cell.Permission
	layer      cell.Layer
}

// cacheables are all of them, by the number of their paths' segments.
type cacheables map[int][]cacheable

// readCacheables takes from the API's document which operations are marked
// x-cache: responses or queries. A mark that cannot be meant is an error of the
// program.
func readCacheables(spec []byte) (cacheables, error) {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	all := cacheables{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			mark, marked := op.Extensions["x-cache"]
			if !marked {
				continue
			}
			layer, _ := mark.(string)
			permission, _ := op.Extensions["x-permission"].(string)
			if method != http.MethodGet || layer != string(cell.Responses) && layer != string(cell.Queries) || !cell.Permission(permission).Known() {
				return nil, fmt.Errorf("OpenAPI document: %s %s: x-cache: %v", method, path, mark)
			}
			n := strings.Count(path, "/")
			all[n] = append(all[n], cacheable{path, cell.Permission(permission), cell.Layer(layer)})
		}
	}
	return all, nil
}

// find returns the operation that a request means. Whether its parameters are
// valid does not matter here: answers are found by the target as it was sent,
// and only good ones are kept.
func (c cacheables) find(r *http.Request) (cacheable, bool) {
	if r.Method != http.MethodGet {
		return cacheable{}, false
	}
	for _, op := range c[strings.Count(r.URL.Path, "/")] {
		if fitsTemplate(op.route, r.URL.Path) {
			return op, true
		}
	}
	return cacheable{}, false
}

// fitsTemplate compares segment by segment; {…} fits one that is not empty.
func fitsTemplate(template, path string) bool {
	for template != "" && path != "" {
		var want, got string
		want, template, _ = strings.Cut(template[1:], "/")
		got, path, _ = strings.Cut(path[1:], "/")
		if want != got && (got == "" || !strings.HasPrefix(want, "{")) {
			return false
		}
		template, path = behind(template), behind(path)
	}
	return template == path
}

func behind(rest string) string {
	if rest == "" {
		return ""
	}
	return "/" + rest
}
