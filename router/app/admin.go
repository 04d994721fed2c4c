package app

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
)

// entryHandler shows what the router knows under ?key=slug:acme.
func entryHandler(cache *tenantcache.Cache) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, value, ok := strings.Cut(r.URL.Query().Get("key"), ":")
		if !ok {
			http.Error(w, "use ?key=slug:acme, ?key=domain:app.example.org or ?key=id:<uuid>", http.StatusBadRequest)
			return
		}
		entry, ok := cache.Get(directory.Key{Kind: directory.KeyKind(kind), Value: value})
		if !ok {
			http.Error(w, "not known here", http.StatusNotFound)
			return
		}
		answer := struct {
			Missing bool                  `json:"missing"`
			Tenant  *directory.Assignment `json:"tenant,omitempty"`
			Cell    *directory.Cell       `json:"cell,omitempty"`
		}{Missing: entry.Missing}
		if !entry.Missing {
			answer.Tenant, answer.Cell = &entry.Assignment, cache.Cell(entry.Cell)
		}
		writeJSON(w, answer)
	})
}

// cacheHandler shows the cache's statistics.
func cacheHandler(cache *tenantcache.Cache) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, cache.Stats()) })
}

// drainHandler makes the router unready, for good: restart it to undo that.
func (r *router) drainHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.proxy.Drain()
		r.log.InfoContext(req.Context(), "draining, as the admin listener was told")
		w.WriteHeader(http.StatusAccepted)
	})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client left
}
