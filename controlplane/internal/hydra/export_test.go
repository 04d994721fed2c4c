package hydra

import (
	"context"

	"github.com/coditect/platform/controlplane"
)

// GrantsInPages is GrantsOf with pages of another size.
func (c *Client) GrantsInPages(ctx context.Context, subject string, size int) ([]controlplane.Grant, error) {
	return c.grantsOf(ctx, subject, size)
}
