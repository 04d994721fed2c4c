package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/directory"
)

// gauges shows what is true of the whole control plane, read from its database.
type gauges struct {
	db    *postgres.DB
	lag   prometheus.Gauge
	cells *prometheus.GaugeVec
	moves *prometheus.GaugeVec

	tenants, capacity *prometheus.GaugeVec // by cell
	reconciling       prometheus.Gauge
}

func newGauges(r prometheus.Registerer, db *postgres.DB) *gauges {
	g := &gauges{
		db: db,
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "controlplane_relay_lag_changes", Help: "Changes of the directory that were committed and not yet relayed to NATS.",
		}),
		cells:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "controlplane_cells", Help: "Cells by state, retired ones left out."}, []string{"state"}),
		moves:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "controlplane_migrations", Help: "Migrations by phase."}, []string{"phase"}),
		tenants:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "controlplane_cell_tenants", Help: "Tenants that the directory has placed in a cell."}, []string{"cell"}),
		capacity: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "controlplane_cell_capacity_tenants", Help: "Tenants that a cell says it can carry."}, []string{"cell"}),
	}
	g.reconciling = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "controlplane_cells_reconciling", Help: "Cells that refuse every tenant because their database was restored.",
	})
	r.MustRegister(g.lag, g.cells, g.moves, g.tenants, g.capacity, g.reconciling)
	return g
}

func (g *gauges) runOnce(ctx context.Context) error {
	lag, err := postgres.DirectoryStore{DB: g.db}.Lag(ctx)
	if err != nil {
		return err
	}
	cells, err := postgres.CellStore{DB: g.db}.All(ctx)
	if err != nil {
		return err
	}
	counts := map[directory.CellState]float64{
		directory.CellProvisioning: 0, directory.CellActive: 0, directory.CellCordoned: 0, directory.CellDraining: 0,
	}
	reconciling := 0
	for i := range cells {
		counts[cells[i].State]++
		g.tenants.WithLabelValues(cells[i].ID).Set(float64(cells[i].AssignedTenants))
		g.capacity.WithLabelValues(cells[i].ID).Set(float64(cells[i].CapacityTenants))
		if cells[i].Heartbeat.Reconciling {
			reconciling++
		}
	}
	g.reconciling.Set(float64(reconciling))
	moves, err := postgres.MigrationStore{DB: g.db}.MigrationCounts(ctx)
	if err != nil {
		return err
	}
	for _, phase := range controlplane.MigrationPhases {
		g.moves.WithLabelValues(string(phase)).Set(float64(moves[phase]))
	}
	g.lag.Set(float64(lag))
	for state, n := range counts {
		g.cells.WithLabelValues(string(state)).Set(n)
	}
	return nil
}
