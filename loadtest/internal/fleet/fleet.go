// Package fleet is a platform of its own for load and fault tests: two cells,
// two routers, and if wanted everything behind proxies that can be cut or slowed.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/deploy/local"
)

// Fleet is a running platform.
type Fleet struct {
	Platform *local.Platform
	Proxies  map[string]*Proxy // by the name of the port they stand before; none without StartProxied

	dir    string
	client *http.Client
	cells  map[string]*pgxpool.Pool
}

// proxied are the ports that programs find through a proxy.
var proxied = []string{
	"controlplane", "pg-control", "nats", "rabbitmq", "redis-edge",
	"cell-a", "cell-a-internal", "pg-cell-a", "redis-cell-a",
	"cell-b", "cell-b-internal", "pg-cell-b", "redis-cell-b",
}

// fronts are the ports that users find through a proxy.
var fronts = []string{"router-us-central1", "router-europe-west1"}

// Start starts a platform in .local/<name> of the repository, which is the
// working directory. Its progress goes to out. The caller ends it with Close,
// also after an error.
func Start(ctx context.Context, name string, out io.Writer) (*Fleet, error) {
	return start(ctx, name, out, false, false)
}

// StartProxied is Start with a proxy before everything, which costs time.
func StartProxied(ctx context.Context, name string, out io.Writer) (*Fleet, error) {
	return start(ctx, name, out, true, false)
}

// StartArchived is Start with cells whose databases can be restored.
func StartArchived(ctx context.Context, name string, out io.Writer) (*Fleet, error) {
	return start(ctx, name, out, false, true)
}

func start(ctx context.Context, name string, out io.Writer, proxies, archived bool) (*Fleet, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	ports, err := local.FreePorts()
	if err != nil {
		return nil, err
	}
	f := &Fleet{dir: filepath.Join(root, ".local", name), client: &http.Client{Timeout: 20 * time.Second}, cells: map[string]*pgxpool.Pool{}}
	reach := local.Ports{}
	if proxies {
		if f.Proxies, err = startProxies(ports); err != nil {
			return f, err
		}
		for _, port := range proxied {
			reach[port] = f.Proxies[port].port
		}
	}
	f.Platform, err = local.New(local.Options{
		Root: root, Dir: f.dir, BinDir: filepath.Join(root, ".local", "bin"),
		Ports: ports, Reach: reach, WithoutTenants: true, Attached: true, Archived: archived, Out: out,
	})
	if err != nil {
		return f, err
	}
	if err := f.Platform.Up(ctx); err != nil {
		return f, err
	}
	for cell, at := range f.Platform.State().Endpoints.Cells {
		if f.cells[cell], err = pgxpool.New(ctx, at.SuperDatabaseURL); err != nil {
			return f, err
		}
	}
	return f, nil
}

// Close ends the platform and removes its data, but not its logs.
func (f *Fleet) Close() error {
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, pool := range f.cells {
		pool.Close()
	}
	var err error
	if f.Platform != nil {
		err = errors.Join(keepLogs(f.dir), f.Platform.Nuke(ctx))
	}
	for _, p := range f.Proxies {
		p.close()
	}
	f.client.CloseIdleConnections()
	return err
}

// front is where users find a region's router.
func (f *Fleet) front(region string) string {
	if p := f.Proxies["router-"+region]; p != nil {
		return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port))
	}
	return f.Platform.State().Endpoints.Routers[region].URL
}

// Fence returns the state of a tenant's fence in a cell's database: "absent"
// if there is none.
func (f *Fleet) Fence(ctx context.Context, cell, tenant string) (state string, err error) {
	err = f.cells[cell].QueryRow(ctx, `SELECT coalesce((SELECT state FROM tenants WHERE tenant_id = $1), 'absent')`, tenant).Scan(&state)
	return state, err
}

// Live lists the cells in which the tenant is live.
func (f *Fleet) Live(ctx context.Context, tenant string) (cells []string, err error) {
	for cell := range f.cells {
		state, err := f.Fence(ctx, cell, tenant)
		if err != nil {
			return nil, fmt.Errorf("fence in %s: %w", cell, err)
		}
		if state == "live" {
			cells = append(cells, cell)
		}
	}
	return cells, nil
}
