package telemetry

import (
	"context"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// checkTimeout bounds one readiness check.
const checkTimeout = 2 * time.Second

// Check says why a process is not ready; nil means it is.
type Check func(context.Context) error

// Admin is a process's admin surface. Its handler serves /healthz (the process
// lives), /readyz (every check passes), /metrics and /debug/pprof/, and what
// the process adds with Handle. Metrics have exemplars (the ids of traces) for
// those who ask for OpenMetrics, as Prometheus does.
type Admin struct {
	Registry *prometheus.Registry

	mux    *http.ServeMux
	mu     sync.RWMutex
	checks map[string]Check
}

// NewAdmin returns an admin surface with Go and process metrics registered.
func NewAdmin() *Admin {
	a := &Admin{Registry: prometheus.NewRegistry(), mux: http.NewServeMux(), checks: map[string]Check{}}
	a.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { writeLine(w, http.StatusOK, "ok") })
	a.mux.HandleFunc("GET /readyz", a.ready)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{Registry: a.Registry, EnableOpenMetrics: true}))
	a.mux.HandleFunc("/debug/pprof/", pprof.Index)
	a.mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	a.mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	a.mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	a.mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return a
}

// AddCheck adds a readiness check under a name that /readyz prints.
func (a *Admin) AddCheck(name string, check Check) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checks[name] = check
}

// Handle adds a handler, by the patterns of [http.ServeMux].
func (a *Admin) Handle(pattern string, h http.Handler) { a.mux.Handle(pattern, h) }

// ServeHTTP implements [http.Handler].
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *Admin) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
	defer cancel()
	a.mu.RLock()
	defer a.mu.RUnlock()
	for name, check := range a.checks {
		if err := check(ctx); err != nil {
			writeLine(w, http.StatusServiceUnavailable, "not ready: "+name+": "+err.Error())
			return
		}
	}
	writeLine(w, http.StatusOK, "ready")
}

func writeLine(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(line + "\n"))
}
