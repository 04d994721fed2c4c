package rediscache

import (
	"crypto/sha256"
	"strconv"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
)

// Keys carry the version of their values' format. All of a tenant's are in one
// slot of Redis Cluster, since commands and scripts touch several at once.
const keyVersion = "cell:1:"

func tenantPrefix(id tenancy.ID) string { return keyVersion + "{" + id.String() + "}:" }

func dataKey(id tenancy.ID) string    { return tenantPrefix(id) + "data" }
func rightsKey(id tenancy.ID) string  { return tenantPrefix(id) + "rights" }
func writersKey(id tenancy.ID) string { return tenantPrefix(id) + "writers" }

func sessionKey(q cell.Question) string {
	return tenantPrefix(q.Tenant) + "s:" + string(q.Credential)
}

// answerKey holds the epoch, so that a request that knows a later one never
// finds an answer from before.
func answerKey(q cell.Question) string {
	sum := sha256.Sum256([]byte(q.Target))
	return tenantPrefix(q.Tenant) + "a:" + strconv.FormatUint(q.Epoch, 36) + ":" + string(sum[:])
}
