package app

import (
	"context"

	"github.com/coditect/platform/cell/internal/citus"
)

// Cluster is the door for those who run a cell's Citus cluster.
type Cluster = citus.Cluster

// OpenCluster connects to the coordinator of a cell's Citus cluster as the
// owner of its database. The caller closes it.
func OpenCluster(ctx context.Context, ownerDatabaseURL string) (*Cluster, error) {
	c := &complaints{}
	c.secret("CELL_OWNER_DATABASE_URL", ownerDatabaseURL, "the postgres:// URL of the database's owner, at the coordinator")
	if err := c.err(); err != nil {
		return nil, err
	}
	return citus.OpenCluster(ctx, ownerDatabaseURL)
}
