package controlplane

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Operators' access tokens: the audience that says that they are for the control
// plane's own API, the scope that says that they may be used there, and the
// client by which a command line gets them.
const (
	OperatorAudience = "platform-operators"
	OperatorScope    = "operate"
	OperatorClient   = "cellctl"
)

// Claims of access tokens beside the registered ones. The router reads the first
// two, the control plane the third.
const (
	ClaimTenantID = "tenant_id" // whom the token's user belongs to
	ClaimRoles    = "roles"     // the user's, in that tenant
	ClaimRole     = "role"      // an operator's
)

// AccessTokenClaims are those that the authorization server has to put into
// access tokens when the token hook, or the login, names them.
var AccessTokenClaims = []string{ClaimTenantID, ClaimRoles, ClaimRole, "acr", "amr"}

// Where the authorization server asks what a token shall carry, and the header
// in which it shows its key there.
const (
	TokenHookPath   = "/hooks/hydra/token" //nolint:gosec // a path, no credential
	TokenHookHeader = "X-Token-Hook-Key"   //nolint:gosec // a name, no credential
)

// TokenRequest is an access token that is about to be made, for the first time
// or by a refresh.
type TokenRequest struct {
	Client          string
	Subject         string // see SubjectOfUser, SubjectOfOperator; the client's id if Machine
	Machine         bool   // the client asks for itself (client credentials)
	TenantID        tenancy.ID
	AuthenticatedAt time.Time // when somebody signed in; zero for machines
	Session         uuid.UUID // of the browser in which that was, in the cell; zero: not known
	Offline         bool      // the person allowed that it goes on when they have signed out
}

// Machine is what a client may do that asks for tokens for itself.
type Machine struct {
	TenantID tenancy.ID // with Roles: in this tenant
	Roles    []string
	Operator Role // at the control plane
}
