package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// ReportHeld tells the control plane of requests that waited. It may be repeated.
func (c *Client) ReportHeld(ctx context.Context, windows []directory.HeldWindow) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	body, err := json.Marshal(directory.HeldWindows{Windows: windows})
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, http.MethodPost, "/v1/directory/held-windows", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer drain(resp.Body)
	if resp.StatusCode != http.StatusNoContent {
		return fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
	return nil
}
