package local

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coditect/platform/controlplane/api"
)

// demoTenants are signed up once, through the public API as anybody would.
var demoTenants = []api.SignupRequest{
	{
		Organization: "Acme", Slug: "acme", Region: new("us-central1"), Plan: new(api.Plan("team")),
		Owner: api.Owner{Name: "Ada Lovelace", Email: "ada@acme.example"},
	},
	{
		Organization: "Globex", Slug: "globex", Region: new("europe-west1"), Plan: new(api.Plan("team")),
		Owner: api.Owner{Name: "Grace Hopper", Email: "grace@globex.example"},
	},
}

const (
	// signUpPatience bounds one sign-up: the cells must have told the control
	// plane that they live, which they do every few seconds.
	signUpPatience = 30 * time.Second
	retryEvery     = 200 * time.Millisecond
)

func (p *Platform) signUpTenants(ctx context.Context) error {
	for _, request := range demoTenants {
		tenant, known := p.State().Tenants[request.Slug]
		if !known {
			var err error
			if tenant, err = p.signUp(ctx, request); err != nil {
				return fmt.Errorf("sign up %s: %w", request.Slug, err)
			}
		}
		if err := p.awaitServed(ctx, tenant); err != nil {
			return fmt.Errorf("first request of %s: %w", request.Slug, err)
		}
	}
	return nil
}

// signUp signs a tenant up and writes it down. Repeating it after an
// interruption finishes the first one, since the key stays the same.
func (p *Platform) signUp(ctx context.Context, request api.SignupRequest) (Tenant, error) {
	known := p.State()
	client, err := api.NewClientWithResponses(known.Endpoints.ControlPlane.URL)
	if err != nil {
		return Tenant{}, err
	}
	params := &api.SignUpParams{IdempotencyKey: known.Secrets.signUpKey(request.Slug)}
	var result *api.SignupResult
	err = retry(ctx, signUpPatience, func(ctx context.Context) error {
		response, err := client.SignUpWithResponse(ctx, params, request)
		if err != nil {
			return err
		}
		result = response.JSON201
		return answerError(response.StatusCode(), http.StatusCreated, response.Body)
	})
	if err != nil {
		return Tenant{}, err
	}
	tenant := Tenant{
		ID: result.Tenant.TenantID.String(), Slug: request.Slug, Cell: result.Tenant.Cell, Region: result.Tenant.Region,
		URL: known.Ports.tenantURL(request.Slug), APIKey: result.APIKey,
	}
	return tenant, p.state.change(func(s *State) { s.Tenants[tenant.Slug] = tenant })
}

// awaitServed asks every router for the tenant's organization, as its owner.
func (p *Platform) awaitServed(ctx context.Context, tenant Tenant) error {
	own, err := url.Parse(tenant.URL)
	if err != nil {
		return err
	}
	for _, router := range p.State().Endpoints.Routers {
		err := retry(ctx, signUpPatience, func(ctx context.Context) error {
			return askOrganization(ctx, router.URL, own.Host, tenant.APIKey)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func askOrganization(ctx context.Context, router, host, key string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, router+"/v1/organization", nil)
	if err != nil {
		return err
	}
	request.Host = host
	request.Header.Set("Authorization", "Bearer "+key)
	status, body, err := send(request)
	if err != nil {
		return err
	}
	return answerError(status, http.StatusOK, body)
}

// retry calls try until it succeeds, fails for good, or patience ends.
func retry(ctx context.Context, patience time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(retryEvery)
	defer ticker.Stop()
	for {
		err := try(ctx)
		var refused *refusedError
		if err == nil || errors.As(err, &refused) && refused.final() {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}
