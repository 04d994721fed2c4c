package hydra

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	api "github.com/ory/hydra-client-go/v2"
	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/tenancy"
)

// clientFile is a client as a file describes it; the file's name, without .yaml,
// is its id. In URLs ${NAME} stands for a variable of the environment.
type clientFile struct {
	Name       string   `yaml:"name"`
	FirstParty bool     `yaml:"first_party"` // nobody is asked for consent
	Operators  bool     `yaml:"operators"`   // who signs in with it is an operator
	Tenant     string   `yaml:"tenant"`      // slug: it is for this tenant's users
	Grants     []string `yaml:"grants"`
	Scopes     []string `yaml:"scopes"`
	Audience   []string `yaml:"audience"`
	SecretEnv  string   `yaml:"secret_env"` // the variable that holds its secret; none: a public client, with PKCE

	RedirectURIs  []string `yaml:"redirect_uris"`
	AfterLogout   []string `yaml:"post_logout_redirect_uris"`
	LogoutNotices string   `yaml:"backchannel_logout_uri"`
	LogoURI       string   `yaml:"logo_uri"`

	Machine *struct {
		Tenant string            `yaml:"tenant_id"`
		Roles  []string          `yaml:"roles"`
		Role   controlplane.Role `yaml:"operator_role"`
	} `yaml:"machine"` // what it may do when it asks for itself
}

// ClientSet is the clients that files describe, by id.
type ClientSet map[string]api.OAuth2Client

var errNoClients = errors.New("no client is described: no file *.yaml is there")

// ReadClients reads every *.yaml of a directory. Variables come from lookup. The
// error names all mistakes, each with its file.
func ReadClients(dir fs.FS, lookup func(string) (string, bool)) (ClientSet, error) {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errNoClients
	}
	set := ClientSet{}
	var mistakes []error
	for _, name := range names {
		client, err := readClient(dir, name, lookup)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", name, err))
			continue
		}
		set[client.GetClientId()] = client
	}
	return set, errors.Join(mistakes...)
}

func readClient(dir fs.FS, name string, lookup func(string) (string, bool)) (api.OAuth2Client, error) {
	raw, err := fs.ReadFile(dir, name)
	if err != nil {
		return api.OAuth2Client{}, err
	}
	var file clientFile
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return api.OAuth2Client{}, err
	}
	vars := variables{lookup: lookup}
	client, err := file.client(strings.TrimSuffix(path.Base(name), ".yaml"), &vars)
	return client, errors.Join(err, vars.missing())
}

// grants that a client may have. Implicit flow, passwords and device flow are not
// among them.
var grants = []string{"authorization_code", "refresh_token", "client_credentials"}

func (f *clientFile) check() error {
	var mistakes []error
	bad := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if f.Name == "" {
		bad("name: people are shown it")
	}
	if len(f.Grants) == 0 {
		bad("grants: use some of %s", strings.Join(grants, ", "))
	}
	for _, grant := range f.Grants {
		if !slices.Contains(grants, grant) {
			bad("grants: %q is none of %s", grant, strings.Join(grants, ", "))
		}
	}
	if f.has("authorization_code") != (len(f.RedirectURIs) > 0) {
		bad("redirect_uris: belong to the grant authorization_code")
	}
	if f.has("client_credentials") != (f.Machine != nil) || f.Machine != nil && f.SecretEnv == "" {
		bad("machine: belongs to the grant client_credentials, with secret_env")
	}
	if f.Machine != nil && f.Machine.Role != "" && !f.Machine.Role.AtLeast(controlplane.RoleViewer) {
		bad("machine.operator_role: use viewer, operator, admin or billing")
	}
	if (f.Operators || f.Machine != nil && f.Machine.Role != "") != slices.Contains(f.Audience, controlplane.OperatorAudience) {
		bad("audience: %s is for clients of operators, and they need it", controlplane.OperatorAudience)
	}
	return errors.Join(mistakes...)
}

func (f *clientFile) has(grant string) bool { return slices.Contains(f.Grants, grant) }

// client is the file as Hydra's API takes it.
func (f *clientFile) client(id string, vars *variables) (api.OAuth2Client, error) {
	if err := f.check(); err != nil {
		return api.OAuth2Client{}, err
	}
	notes := clientNotes{Operators: f.Operators, Tenant: f.Tenant}
	if m := f.Machine; m != nil {
		notes.MachineRoles, notes.MachineRole = m.Roles, m.Role
		if m.Tenant != "" {
			var err error
			if notes.MachineTenant, err = tenancy.ParseID(vars.expand(m.Tenant)); err != nil {
				return api.OAuth2Client{}, fmt.Errorf("machine.tenant_id: %w", err)
			}
		}
	}
	out := api.OAuth2Client{
		ClientId: &id, ClientName: &f.Name, Owner: api.PtrString(owner), GrantTypes: f.Grants, ResponseTypes: []string{"code"},
		Scope: api.PtrString(strings.Join(f.Scopes, " ")), Audience: vars.expandAll(f.Audience), SkipConsent: &f.FirstParty, SkipLogoutConsent: &f.FirstParty,
		RedirectUris: vars.expandAll(f.RedirectURIs), PostLogoutRedirectUris: vars.expandAll(f.AfterLogout),
		LogoUri: api.PtrString(vars.expand(f.LogoURI)), BackchannelLogoutUri: api.PtrString(vars.expand(f.LogoutNotices)),
		TokenEndpointAuthMethod: api.PtrString("none"),
	}
	if f.SecretEnv != "" {
		secret := vars.get(f.SecretEnv)
		out.TokenEndpointAuthMethod, out.ClientSecret = api.PtrString("client_secret_basic"), &secret
		notes.SecretDigest = digest(id, secret)
	}
	out.Metadata = notes
	return out, nil
}

// digest tells secrets apart without telling them: they are random, so nobody
// finds one by trying. It is cut to what telling apart takes.
func digest(id, secret string) string {
	sum := sha256.Sum256([]byte(id + "\n" + secret))
	return hex.EncodeToString(sum[:8])
}
