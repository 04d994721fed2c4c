package shed

import (
	"iter"

	"github.com/prometheus/client_golang/prometheus"
)

type reason int

const (
	byLimit reason = iota // no place, and the tenant has its share, or its part of the queue is full
	byWait                // no place within Options.Wait
	reasons
)

// Stats is what a controller does, and has done.
type Stats struct {
	Limit, InFlight, Queued int
	Waited                  uint64 // admitted after a wait in the queue
	RefusedLimit            uint64 // refused at once
	RefusedWait             uint64 // refused after a wait
}

// Stats returns the controller's figures.
func (c *Controller) Stats() Stats {
	return Stats{
		Limit: int(c.limit.Load()), InFlight: int(c.inflight.Load()), Queued: int(c.queued.Load()),
		Waited: c.waited.Load(), RefusedLimit: c.refused[byLimit].Load(), RefusedWait: c.refused[byWait].Load(),
	}
}

var (
	limitDesc    = desc("router_cell_concurrency_limit", "Requests that may be under way in a cell at once.")
	inflightDesc = desc("router_cell_requests_in_flight", "Requests under way in a cell, detached ones excepted.")
	queuedDesc   = desc("router_cell_requests_queued", "Requests that wait for a place in a cell.")
	waitedDesc   = desc("router_cell_requests_waited_total", "Requests admitted to a cell after a wait in the queue.")
	refusedDesc  = desc("router_cell_requests_shed_total", "Requests refused because their cell was full: at once (limit) or after a wait (wait).", "reason")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, append([]string{"cell"}, labels...), nil)
}

// Collector exports the controllers of all cells, by the cell's name.
func Collector(cells iter.Seq2[string, *Controller]) prometheus.Collector { return collector{cells} }

type collector struct {
	cells iter.Seq2[string, *Controller]
}

// Describe implements [prometheus.Collector].
func (collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{limitDesc, inflightDesc, queuedDesc, waitedDesc, refusedDesc} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(out chan<- prometheus.Metric) {
	for cell, controller := range c.cells {
		s := controller.Stats()
		gauge := func(d *prometheus.Desc, v int) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), cell)
		}
		counter := func(d *prometheus.Desc, v uint64, labels ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), append([]string{cell}, labels...)...)
		}
		gauge(limitDesc, s.Limit)
		gauge(inflightDesc, s.InFlight)
		gauge(queuedDesc, s.Queued)
		counter(waitedDesc, s.Waited)
		counter(refusedDesc, s.RefusedLimit, "limit")
		counter(refusedDesc, s.RefusedWait, "wait")
	}
}
