package citus

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/coditect/platform/shared/pg"
)

// nodes are the mover's connections to the servers of a cluster other than by
// way of the coordinator, at the addresses that this knows them by. All have the
// same roles and databases.
type nodes struct {
	dsn      string // of the coordinator
	maxConns int32

	mu    sync.Mutex
	known map[string]node // by host and port
}

// node is one server.
type node struct {
	dsn  string
	pool *pgxpool.Pool
}

func (n *nodes) at(ctx context.Context, host string, port int) (node, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	address := hostPort(host, port)
	if found, there := n.known[address]; there {
		return found, nil
	}
	dsn, err := url.Parse(n.dsn)
	if err != nil {
		return node{}, errors.New("database URL: not a valid postgres:// URL")
	}
	dsn.Host = address
	pool, err := pg.Open(context.WithoutCancel(ctx), dsn.String(), pg.PoolOptions{MaxConns: n.maxConns})
	if err != nil {
		return node{}, err
	}
	if n.known == nil {
		n.known = map[string]node{}
	}
	n.known[address] = node{dsn: dsn.String(), pool: pool}
	return n.known[address], nil
}

func (n *nodes) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, known := range n.known {
		known.pool.Close()
	}
	n.known = nil
}

// everyNode returns the servers that may hold rows, or without Citus the one.
func (m *Mover) everyNode(ctx context.Context) ([]node, error) {
	if has, err := pg.HasCitus(ctx, m.pool); err != nil || !has {
		return []node{{dsn: m.nodes.dsn, pool: m.pool}}, err
	}
	rows, err := m.pool.Query(ctx, `SELECT nodename, nodeport FROM pg_dist_node WHERE noderole = 'primary' AND isactive`)
	if err != nil {
		return nil, err
	}
	var addresses []address
	if err := collect(&addresses, scanAddress)(rows); err != nil {
		return nil, err
	}
	var all []node
	for _, a := range addresses {
		n, err := m.nodes.at(ctx, a.host, a.port)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

type address struct {
	host string
	port int
}

func scanAddress(r row) (address, error) {
	var a address
	err := r.Scan(&a.host, &a.port)
	return a, err
}
