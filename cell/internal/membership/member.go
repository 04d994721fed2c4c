package membership

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// Interval is the pause between heartbeats. A cell not heard of for three of
// them counts as silent.
const Interval = 5 * time.Second

// Registration says where and what the cell is.
type Registration struct {
	Region           string `json:"region"`
	Tier             string `json:"tier"`
	Endpoint         string `json:"endpoint"`          // base URL for routers
	InternalEndpoint string `json:"internal_endpoint"` // base URL for the control plane
	CapacityTenants  int    `json:"capacity_tenants"`
}

// Heartbeat is the cell's load.
type Heartbeat struct {
	Tenants           int64   `json:"tenants"`
	CapacityTenants   int     `json:"capacity_tenants"`
	CPU               float64 `json:"cpu"` // busy share of the machine, 0 to 1
	RequestsPerSecond float64 `json:"requests_per_second"`
	QueueDepth        int64   `json:"queue_depth"`
	Reconciling       bool    `json:"reconciling"` // the database was restored; the cell serves nobody
}

// Loads measures what the database carries. It is an interface because
// membership does not know the database.
type Loads interface {
	MeasureLoad(ctx context.Context) (cell.Load, error)
}

// Member keeps one cell registered. It is not safe for concurrent use.
type Member struct {
	Client       *Client
	Cell         string
	Registration Registration
	Loads        Loads
	Requests     *Meter
	Processors   *Processors
	Reconciling  func() bool                 // whether the cell refuses its tenants; see package standing
	Distrust     func(context.Context) error // has it refuse them
	Log          *slog.Logger

	registered bool
}

// RunOnce registers if need be and sends one heartbeat. A cell whose database
// does not answer sends none: it should not receive tenants.
func (m *Member) RunOnce(ctx context.Context) error {
	load, err := m.Loads.MeasureLoad(ctx)
	if err != nil {
		return fmt.Errorf("measure load: %w", err)
	}
	if !m.registered {
		if err := m.register(ctx); err != nil {
			return err
		}
	}
	err = m.Client.Heartbeat(ctx, m.Cell, Heartbeat{
		Tenants: load.Tenants, QueueDepth: load.QueueDepth, CapacityTenants: m.Registration.CapacityTenants,
		CPU: m.Processors.Busy(), RequestsPerSecond: m.Requests.Rate(time.Now()), Reconciling: m.Reconciling(),
	})
	switch fault.CodeOf(err) {
	case fault.NotFound:
		m.registered = false
	case fault.Conflict: // its tenants live elsewhere by now
		if distrust := m.Distrust(ctx); distrust != nil {
			return fmt.Errorf("heartbeat: %w", distrust)
		}
	}
	if err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	return nil
}

func (m *Member) register(ctx context.Context) error {
	if err := m.Client.Register(ctx, m.Cell, m.Registration); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	m.registered = true
	m.Log.InfoContext(ctx, "registered with the control plane", "cell", m.Cell)
	return nil
}
