package hydra

import (
	"context"
	"encoding/json"

	api "github.com/ory/hydra-client-go/v2"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// owner marks the clients that are ours: those that files describe. Others are
// left alone.
const owner = "platform"

// clientNotes is what we keep with a client at Hydra, as its metadata.
type clientNotes struct {
	Operators bool   `json:"operators,omitempty"` // who signs in with it is an operator
	Tenant    string `json:"tenant,omitempty"`    // slug: it is for this tenant's users

	// What it may do when it asks for itself; see controlplane.Machine.
	MachineTenant tenancy.ID        `json:"machine_tenant,omitzero"`
	MachineRoles  []string          `json:"machine_roles,omitempty"`
	MachineRole   controlplane.Role `json:"machine_role,omitempty"`

	// SecretDigest tells whether the secret that a file names is the one that
	// Hydra has, which keeps a hash that nobody else can make.
	SecretDigest string `json:"secret_digest,omitempty"`
}

func notesOf(c api.OAuth2Client) (clientNotes, error) {
	var notes clientNotes
	if c.Metadata == nil {
		return notes, nil
	}
	raw, err := json.Marshal(c.Metadata)
	if err == nil {
		err = json.Unmarshal(raw, &notes)
	}
	if err != nil {
		return notes, fault.Wrap(err, fault.Internal, "the metadata of the client %s cannot be read", c.GetClientId())
	}
	return notes, nil
}

// Machine returns what a client may do that asks for a token for itself. One
// that files do not describe may do nothing.
func (c *Client) Machine(ctx context.Context, client string) (controlplane.Machine, error) {
	found, response, err := c.api.OAuth2API.GetOAuth2Client(ctx, client).Execute()
	if err != nil {
		return controlplane.Machine{}, failure(err, response, "client")
	}
	if found.GetOwner() != owner {
		return controlplane.Machine{}, nil
	}
	notes, err := notesOf(*found)
	return controlplane.Machine{TenantID: notes.MachineTenant, Roles: notes.MachineRoles, Operator: notes.MachineRole}, err
}
