package plane

import (
	"context"
	"net/http"
)

// SetCapacity publishes the highest rate, in requests a second, that a cell was
// measured to carry.
func (p *Plane) SetCapacity(ctx context.Context, cell string, rate float64) error {
	return p.call(ctx, http.MethodPut, "/v1/cells/"+cell+"/capacity", map[string]any{"requests_per_second": rate}, nil)
}
