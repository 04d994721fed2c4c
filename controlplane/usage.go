package controlplane

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// LateUsage is what a cell had counted of a tenant that has left it, and not yet
// recorded. Items is as the cell wrote it: nobody in between has to know more.
type LateUsage struct {
	Tenant tenancy.ID      `json:"tenant_id"`
	Batch  uuid.UUID       `json:"batch"`
	Items  json.RawMessage `json:"items"`
}
