package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Hydra is an Ory Hydra 2.3 authorization server.
type Hydra struct {
	// Program is the path of the binary; see HydraProgram.
	Program string
	// Dir holds the configuration and the log.
	Dir string
	// Name is what messages call the server; "hydra" if empty.
	Name string
	// PublicPort is the loopback port that applications and browsers use,
	// AdminPort the one that is for the control plane alone: it asks for no
	// credential.
	PublicPort, AdminPort int
	// Database is a postgres:// URL; Migrate makes its schema.
	Database string
	// SystemSecret encrypts what is stored, CookieSecret what browsers keep; each
	// has 16 characters or more.
	SystemSecret, CookieSecret string
	// Issuer is the name in tokens: the public port's base URL as browsers see it.
	Issuer string
	// Pages is the base URL of the login application.
	Pages string
	// Hook is asked what each token shall carry.
	Hook TokenHook
	// AllowedClaims are those that the hook may put into access tokens beside the
	// registered ones.
	AllowedClaims []string
}

// HydraMetrics is the path of the admin port where Hydra shows its metrics.
const HydraMetrics = "/admin/metrics/prometheus"

// TokenHook is where Hydra asks, and what it shows there.
type TokenHook struct{ URL, Header, Key string }

var hydraVersion = regexp.MustCompile(`(?m)^(?:require)?\s*github\.com/ory/hydra/v2 (v\S+)`)

// HydraProgram is where make builds the Hydra that a repository pins.
func HydraProgram(root string) (string, error) {
	pin := filepath.Join(root, "deploy", "tools", "hydra", "go.mod")
	text, err := os.ReadFile(pin)
	if err != nil {
		return "", fmt.Errorf("which Hydra: %w", err)
	}
	version := hydraVersion.FindSubmatch(text)
	if version == nil {
		return "", fmt.Errorf("which Hydra: %s does not say", pin)
	}
	return filepath.Join(root, ".local", "tools", "hydra-"+string(version[1])), nil
}

// Prepare writes the configuration.
func (h Hydra) Prepare(context.Context) error {
	if err := makeDir(h.Dir); err != nil {
		return err
	}
	config, err := json.MarshalIndent(h.config(), "", "  ")
	if err == nil {
		err = writePrivate(h.configFile(), string(config))
	}
	if err != nil {
		return fmt.Errorf("prepare %s: %w", h.name(), err)
	}
	return nil
}

// Migrate brings the database's schema up to date. Prepare comes first.
func (h Hydra) Migrate(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, h.Program, "migrate", "sql", "up", "--read-from-env", "--yes", "--config", h.configFile())
	cmd.Env, cmd.Dir = baseEnv("HOME="+h.Dir), h.Dir
	if printed, err := cmd.CombinedOutput(); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return h.unbuilt(err)
		}
		return fmt.Errorf("%s migrate sql: %w\n%s", h.name(), err, strings.TrimSpace(string(printed)))
	}
	return nil
}

func (h Hydra) unbuilt(err error) error {
	return fmt.Errorf("%w; build it: make hydra", err)
}

// Spec says how to run the server.
func (h Hydra) Spec() Spec {
	return Spec{
		Name:  h.name(),
		Path:  h.Program,
		Args:  []string{"serve", "all", "--dev", "--config", h.configFile()}, // http, on loopback
		Env:   baseEnv("HOME=" + h.Dir),
		Dir:   h.Dir,
		Log:   filepath.Join(h.Dir, "hydra.log"),
		Ready: h.ready,
	}
}

// PublicURL is the public port's base URL.
func (h Hydra) PublicURL() string { return "http://" + loopback(h.PublicPort) }

// AdminURL is the admin port's base URL.
func (h Hydra) AdminURL() string { return "http://" + loopback(h.AdminPort) }

// JWKSURL is where the public keys are.
func (h Hydra) JWKSURL() string { return h.PublicURL() + "/.well-known/jwks.json" }

// ready does not ask for the keys: Hydra would make the first ones for whoever
// asks, and begin again for the next when that one does not wait.
func (h Hydra) ready(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.AdminURL()+"/health/ready", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close() // the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("health/ready: %s", response.Status)
	}
	return nil
}

// FirstKeys has Hydra make the keys that it signs with, unless it has them. That
// takes seconds, and who asks for them at the same time makes others: call it
// before anybody else asks. On a busy machine Hydra hangs up before they are made,
// after ten seconds; then they are asked for again.
func (h Hydra) FirstKeys(ctx context.Context) (err error) {
	const attempts = 4
	for range attempts {
		if err = h.askForKeys(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

func (h Hydra) askForKeys(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.JWKSURL(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("hydra's keys: %w", err)
	}
	_ = response.Body.Close() // the status counts
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("hydra's keys: %s", response.Status)
	}
	return nil
}

// How long what Hydra makes is good for.
const (
	AccessTokenLife  = 10 * time.Minute
	refreshTokenLife = 30 * 24 * time.Hour
	loginLife        = 30 * time.Minute
	codeLife         = time.Minute
	// refreshGrace lets a client that lost the answer to a refresh ask again.
	refreshGrace = 10 * time.Second
)

type object = map[string]any

// config is Hydra's configuration. Device flow is not in this version; implicit
// flow and passwords are left off, since no client may have these grants.
func (h Hydra) config() object {
	claims := h.AllowedClaims
	if claims == nil {
		claims = []string{}
	}
	config := object{
		"dsn": h.Database,
		"log": object{"level": "warn", "format": "json"},
		"sqa": object{"opt_out": true},
		"serve": object{
			"public":  object{"host": "127.0.0.1", "port": h.PublicPort},
			"admin":   object{"host": "127.0.0.1", "port": h.AdminPort},
			"cookies": object{"same_site_mode": "Lax"},
		},
		"secrets": object{"system": []string{h.SystemSecret}, "cookie": []string{h.CookieSecret}},
		"urls": object{
			"self":  object{"issuer": h.Issuer, "public": h.Issuer, "admin": h.AdminURL()},
			"login": h.Pages + "/login", "consent": h.Pages + "/consent", "logout": h.Pages + "/logout", "error": h.Pages + "/error",
			"post_logout_redirect": h.Pages + "/signed-out",
		},
		"strategies": object{"access_token": "jwt", "scope": "exact", "jwt": object{"scope_claim": "list"}},
		"ttl": object{
			"access_token": AccessTokenLife.String(), "id_token": AccessTokenLife.String(), "refresh_token": refreshTokenLife.String(),
			"login_consent_request": loginLife.String(), "auth_code": codeLife.String(),
		},
		"oauth2": object{
			"pkce":                     object{"enforced_for_public_clients": true},
			"grant":                    object{"refresh_token": object{"rotation_grace_period": refreshGrace.String()}},
			"allowed_top_level_claims": claims,
			"mirror_top_level_claims":  false,
		},
	}
	if h.Hook.URL != "" {
		config["oauth2"].(object)["token_hook"] = object{"url": h.Hook.URL, "auth": object{
			"type": "api_key", "config": object{"in": "header", "name": h.Hook.Header, "value": h.Hook.Key},
		}}
	}
	return config
}

func (h Hydra) name() string {
	if h.Name == "" {
		return "hydra"
	}
	return h.Name
}

func (h Hydra) configFile() string { return filepath.Join(h.Dir, "hydra.json") }
