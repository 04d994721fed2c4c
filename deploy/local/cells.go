package local

import (
	"context"
	"fmt"
	"net/http"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

// awaitCells waits until the control plane would place tenants in every cell:
// only then can anybody sign up, in any region.
func (p *Platform) awaitCells(ctx context.Context) error {
	at := p.State().Endpoints.ControlPlane
	client, err := api.NewClientWithResponses(at.URL)
	if err != nil {
		return err
	}
	asAdmin := func(_ context.Context, r *http.Request) error { //nolint:unparam // the client's type for it
		r.Header.Set("Authorization", "Bearer "+at.Token)
		return nil
	}
	return retry(ctx, signUpPatience, func(ctx context.Context) error {
		for _, site := range sites {
			response, err := client.GetCellWithResponse(ctx, site.cell, asAdmin)
			if err != nil {
				return err
			}
			if response.StatusCode() == http.StatusNotFound {
				return fmt.Errorf("%s has not registered with the control plane", site.cell)
			}
			if err := answerError(response.StatusCode(), http.StatusOK, response.Body); err != nil {
				return err
			}
			if cell := response.JSON200; !cell.Healthy || cell.State == directory.CellProvisioning {
				return fmt.Errorf("%s has not told the control plane that it is ready", site.cell)
			}
		}
		return nil
	})
}
