package tracing

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options says what a process tells of its requests, and where to. The zero
// value tells nothing.
type Options struct {
	Endpoint string        // base URL of an OTLP/HTTP receiver; "": nothing is traced
	Ratio    float64       // part of the requests that begin here and are traced: 0 to 1
	Slow     time.Duration // requests that take longer are kept in any case
}

// Defaults returns the options of a process that is not told where to send spans to.
func Defaults() Options { return Options{Ratio: 0.01, Slow: time.Second} }

// FlagSet is what the flag packages offer, of which this package needs none.
type FlagSet interface {
	StringVar(p *string, name, value, usage string)
	Float64Var(p *float64, name string, value float64, usage string)
	DurationVar(p *time.Duration, name string, value time.Duration, usage string)
}

// AddFlags adds --trace-endpoint, --trace-ratio and --trace-slow.
func (o *Options) AddFlags(f FlagSet) {
	f.StringVar(&o.Endpoint, "trace-endpoint", o.Endpoint, "base URL of an OTLP/HTTP receiver of traces, such as http://127.0.0.1:4318 (default: nothing is traced)")
	f.Float64Var(&o.Ratio, "trace-ratio", o.Ratio, "part of the requests that are traced, if whoever sends them has not decided: 0 to 1")
	f.DurationVar(&o.Slow, "trace-slow", o.Slow, "requests that take longer are traced in any case, as those are that fail")
}

// Validate says everything that is wrong, by the flag's name.
func (o Options) Validate() error {
	if o.Endpoint == "" {
		return nil
	}
	var errs []error
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" {
		errs = append(errs, errors.New("--trace-endpoint: use http://host:port without a path"))
	}
	if !(o.Ratio >= 0 && o.Ratio <= 1) {
		errs = append(errs, fmt.Errorf("--trace-ratio %v: use 0 to 1", o.Ratio))
	}
	if o.Slow <= 0 {
		errs = append(errs, fmt.Errorf("--trace-slow %v: use a time above 0", o.Slow))
	}
	return errors.Join(errs...)
}

// Process says who traces.
type Process struct {
	Service  string // router, controlplane, cell-api, cell-worker
	Cell     string // "" outside of cells
	Region   string // "" if there is none
	Log      *slog.Logger
	Registry prometheus.Registerer
}
