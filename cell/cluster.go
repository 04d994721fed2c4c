package cell

import (
	"slices"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Node is one server of a cell's Citus cluster.
type Node struct {
	Host        string
	Port        int
	Coordinator bool
	Active      bool // takes part in queries
	Shards      int64
	Bytes       int64
}

// ShardMove is one step of a rebalance: a shard, with all that is colocated
// with it, goes from one node to another.
type ShardMove struct {
	Shard    int64
	Bytes    int64
	From, To string // host:port
}

// Rebalance says how far the newest rebalance is. The zero value: there never
// was one.
type Rebalance struct {
	ID          int64
	State       string // as Citus says: scheduled, running, finished, failed, …
	Done, Total int64  // moves
	Problem     string // what stopped a move, if something did
}

// Over reports whether nothing moves any more.
func (r Rebalance) Over() bool {
	return slices.Contains([]string{"", "finished", "failed", "cancelled"}, r.State)
}

// TenantLoad is what one tenant cost the cluster in the current period and the
// one before it.
type TenantLoad struct {
	TenantID       tenancy.ID
	Node           string // host:port of the worker with its shard
	Reads, Queries int64  // in both periods together; Queries counts writes too
	CPU            time.Duration
	ShardBytes     int64 // of its shard group, which it shares unless it is isolated
	Isolated       bool  // the shard group is its own
}
