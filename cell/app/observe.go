package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
)

// ObserveOptions says what a process of a cell shows besides what all show.
type ObserveOptions struct {
	Trace tracing.Options
	Disks []string // directories whose file systems' space is reported
}

func (o ObserveOptions) check(c *complaints) {
	if err := o.Trace.Validate(); err != nil {
		c.errs = append(c.errs, err)
	}
}

// watched is a part whose connections are shown.
type watched interface {
	Watch(registry prometheus.Registerer)
}

// observe shows connections and disks, and returns the process's tracer, which
// may be nil.
func observe(opts ObserveOptions, process tracing.Process, admin *telemetry.Admin, stack *run.Stack, parts ...watched) (*tracing.Tracer, error) {
	for _, p := range parts {
		p.Watch(admin.Registry)
	}
	if err := admin.WatchDisks(opts.Disks); err != nil {
		return nil, err
	}
	process.Registry = admin.Registry
	tracer, err := tracing.New(opts.Trace, process)
	if err != nil {
		return nil, err
	}
	stack.Push("traces", tracer.Close)
	return tracer, nil
}
