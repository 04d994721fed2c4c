package hydra

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/shared/fault"
)

// Kinds of a [ClientStep].
const (
	Create = "create"
	Change = "change"
	Remove = "remove"
)

// ClientStep is one change that makes Hydra's clients more like the files'.
type ClientStep struct {
	Kind string
	ID   string
	Why  string // the fields that differ; "" unless Kind is Change
}

// PlanClients says what has to be changed for Hydra's clients to be those of the
// set. Clients that are not ours are no part of it; one of the set that has the
// id of such a client is a fault (conflict).
func (c *Client) PlanClients(ctx context.Context, want ClientSet) ([]ClientStep, error) {
	have, err := c.ours(ctx)
	if err != nil {
		return nil, err
	}
	var steps []ClientStep
	for _, id := range slices.Sorted(maps.Keys(want)) {
		now, there := have[id]
		if !there {
			if err := c.mustBeFree(ctx, id); err != nil {
				return nil, err
			}
			steps = append(steps, ClientStep{Kind: Create, ID: id})
		} else if fields := differences(now, want[id]); len(fields) > 0 {
			steps = append(steps, ClientStep{Kind: Change, ID: id, Why: strings.Join(fields, ", ")})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if _, wanted := want[id]; !wanted {
			steps = append(steps, ClientStep{Kind: Remove, ID: id})
		}
	}
	return steps, nil
}

// SyncClients makes Hydra's clients those of the set, and returns how many
// changes that took. It may be repeated after a failure.
func (c *Client) SyncClients(ctx context.Context, want ClientSet) (int, error) {
	steps, err := c.PlanClients(ctx, want)
	if err != nil {
		return 0, err
	}
	for i, step := range steps {
		if err := c.apply(ctx, step, want[step.ID]); err != nil {
			return i, fmt.Errorf("%s client %s: %w", step.Kind, step.ID, err)
		}
	}
	return len(steps), nil
}

func (c *Client) apply(ctx context.Context, step ClientStep, want api.OAuth2Client) error {
	switch step.Kind {
	case Create:
		_, response, err := c.api.OAuth2API.CreateOAuth2Client(ctx).OAuth2Client(want).Execute()
		return failure(err, response, "client")
	case Change:
		_, response, err := c.api.OAuth2API.SetOAuth2Client(ctx, step.ID).OAuth2Client(want).Execute()
		return failure(err, response, "client")
	default:
		response, err := c.api.OAuth2API.DeleteOAuth2Client(ctx, step.ID).Execute()
		return failure(err, response, "client")
	}
}

// clientsAtMost is one page of Hydra's list, and more than anybody describes in files.
const clientsAtMost = 250

// ours returns the clients that files describe, by id.
func (c *Client) ours(ctx context.Context) (map[string]api.OAuth2Client, error) {
	some, response, err := c.api.OAuth2API.ListOAuth2Clients(ctx).Owner(owner).PageSize(clientsAtMost).Execute()
	if err != nil {
		return nil, failure(err, response, "list of clients")
	}
	if len(some) == clientsAtMost {
		return nil, fault.New(fault.Conflict, "there are %d clients of the platform's, or more: too many to compare", len(some))
	}
	all := map[string]api.OAuth2Client{}
	for _, client := range some {
		all[client.GetClientId()] = client
	}
	return all, nil
}

// mustBeFree refuses an id that somebody else's client has.
func (c *Client) mustBeFree(ctx context.Context, id string) error {
	_, response, err := c.api.OAuth2API.GetOAuth2Client(ctx, id).Execute()
	if err == nil {
		return fault.New(fault.Conflict, "there is a client %s that is not the platform's; give yours another name", id)
	}
	if err = failure(err, response, "client"); fault.CodeOf(err) != fault.NotFound {
		return err
	}
	return nil
}

// differences names the fields in which two clients differ, of those that files
// describe.
func differences(now, want api.OAuth2Client) []string {
	var fields []string
	have := described(now)
	for name, value := range described(want) {
		if !reflect.DeepEqual(value, have[name]) {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields
}

// described is what files describe of a client, in one form: no list and an empty
// one are the same to Hydra.
func described(c api.OAuth2Client) map[string]any {
	list := func(texts []string) []string { return append([]string{}, texts...) }
	metadata, _ := json.Marshal(c.Metadata) // it came as JSON, or is a struct of ours
	var notes clientNotes
	_ = json.Unmarshal(metadata, &notes) // notes that cannot be read differ from all others
	return map[string]any{
		"name": c.GetClientName(), "owner": c.GetOwner(), "grants": list(c.GrantTypes), "scopes": strings.Fields(c.GetScope()), "audience": list(c.Audience),
		"first_party": c.GetSkipConsent(), "redirect_uris": list(c.RedirectUris), "post_logout_redirect_uris": list(c.PostLogoutRedirectUris),
		"backchannel_logout_uri": c.GetBackchannelLogoutUri(), "logo_uri": c.GetLogoUri(), "authentication": c.GetTokenEndpointAuthMethod(),
		"notes": notes,
	}
}
