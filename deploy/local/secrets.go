package local

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"

	"github.com/coditect/platform/shared/cellapi"
)

// Secrets are made once for a platform and kept as long as its data.
type Secrets struct {
	// EdgeKey and ControlKey are the master keys, in hex, from which the keys
	// of each cell's two doors derive.
	EdgeKey    string `json:"edge_key"`
	ControlKey string `json:"control_key"`
	// PostgresPassword is the superuser's, on every cluster.
	PostgresPassword     string `json:"postgres_password"`
	ControlPlanePassword string `json:"controlplane_password"`
	NATSPassword         string `json:"nats_password"`
	EdgeRedisPassword    string `json:"edge_redis_password"`
	// SignUpKey makes the demo sign-ups' idempotency keys unguessable.
	SignUpKey string `json:"sign_up_key"`
	// StripeKey and StripeWebhookSecret are the small Stripe's.
	StripeKey           string `json:"stripe_key"`
	StripeWebhookSecret string `json:"stripe_webhook_secret"`
	// HydraPassword is its database's. The system's secret encrypts what it
	// stores, the cookies' what browsers keep; the hook's key is what it shows to
	// the control plane.
	HydraPassword     string `json:"hydra_password"`
	HydraSystemSecret string `json:"hydra_system_secret"`
	HydraCookieSecret string `json:"hydra_cookie_secret"`
	HydraHookKey      string `json:"hydra_hook_key"`
	// Clients are the secrets of the OAuth clients that have one, by id.
	Clients map[string]string `json:"clients"`
	// Keys are API keys of the control plane, by name.
	Keys map[string]string `json:"keys"`
	// Cells are by the cell's name.
	Cells map[string]CellSecrets `json:"cells"`
}

// CellSecrets are one cell's own.
type CellSecrets struct {
	OwnerPassword   string `json:"owner_password"`
	AppPassword     string `json:"app_password"`
	RelayPassword   string `json:"relay_password"`
	MoverPassword   string `json:"mover_password"`
	ConsolePassword string `json:"console_password"`
	RedisPassword   string `json:"redis_password"`
	BrokerPassword  string `json:"broker_password"`
}

// fill makes every secret that is not there yet, so that a platform from
// before a new kind of secret gets it, too.
func (s *Secrets) fill() {
	fillWith(hexKey, &s.EdgeKey, &s.ControlKey)
	fillWith(rand.Text, &s.PostgresPassword, &s.ControlPlanePassword, &s.NATSPassword, &s.EdgeRedisPassword, &s.SignUpKey, &s.StripeKey, &s.StripeWebhookSecret,
		&s.HydraPassword, &s.HydraSystemSecret, &s.HydraCookieSecret, &s.HydraHookKey)
	if s.Clients == nil {
		s.Clients = make(map[string]string)
	}
	for id := range confidentialClients {
		secret := s.Clients[id]
		fillWith(rand.Text, &secret)
		s.Clients[id] = secret
	}
	if s.Keys == nil {
		s.Keys = make(map[string]string)
	}
	for _, key := range apiKeys() {
		value := s.Keys[key.name]
		fillWith(apiKey, &value)
		s.Keys[key.name] = value
	}
	if s.Cells == nil {
		s.Cells = make(map[string]CellSecrets)
	}
	for _, at := range sites {
		c := s.Cells[at.cell]
		fillWith(rand.Text, &c.OwnerPassword, &c.AppPassword, &c.RelayPassword, &c.MoverPassword,
			&c.ConsolePassword, &c.RedisPassword, &c.BrokerPassword)
		s.Cells[at.cell] = c
	}
}

func (s *Secrets) signUpKey(slug string) string { return slug + "-" + s.SignUpKey }

func fillWith(generate func() string, secrets ...*string) {
	for _, secret := range secrets {
		if *secret == "" {
			*secret = generate()
		}
	}
}

const keyBytes = 32

func randomBytes() []byte {
	b := make([]byte, keyBytes)
	_, _ = rand.Read(b) // never fails
	return b
}

func hexKey() string { return hex.EncodeToString(randomBytes()) }

// apiKey is a control plane API key: a prefix to recognise a leaked one by, and
// 43 characters.
func apiKey() string { return "ctk_" + base64.RawURLEncoding.EncodeToString(randomBytes()) }

// derived is a cell's own key under a master key, both in hex.
func derived(master, cell string) (string, error) {
	raw, err := hex.DecodeString(master)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(cellapi.DeriveKey(raw, cell)), nil
}

// namedKey is an API key of the control plane and what it may do.
type namedKey struct{ name, role, cell string }

// apiKeys lists the keys that the platform's programs and its operator use.
func apiKeys() []namedKey {
	keys := []namedKey{{name: adminKey, role: "admin"}}
	for _, region := range regions {
		keys = append(keys, namedKey{name: routerName(region), role: "router"})
	}
	for _, at := range sites {
		keys = append(keys, namedKey{name: at.cell, role: "cell", cell: at.cell})
	}
	return keys
}
