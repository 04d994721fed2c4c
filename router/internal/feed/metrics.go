package feed

import "github.com/prometheus/client_golang/prometheus"

// Register exports the feed's position and whether JetStream delivers.
func (f *Feed) Register(registry prometheus.Registerer) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "router_directory_version", Help: "Version up to which all changes were applied."},
			func() float64 { return float64(f.Position()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "router_directory_feed_connected", Help: "1 while JetStream delivers changes."},
			func() float64 {
				if f.Connected() {
					return 1
				}
				return 0
			}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "router_directory_last_change_timestamp_seconds", Help: "Commit time of the newest applied change."},
			func() float64 { return float64(f.lastAt.Load()) / 1e9 }),
	)
}
