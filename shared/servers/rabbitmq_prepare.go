package servers

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Prepare writes the configuration, the users and vhosts that the broker
// imports at every start, and the Erlang cookie, once.
func (r RabbitMQ) Prepare(context.Context) error {
	if err := makeDir(r.Dir); err != nil {
		return err
	}
	definitions, err := r.renderDefinitions()
	if err != nil {
		return fmt.Errorf("prepare %s: %w", r.name(), err)
	}
	files := map[string]string{
		r.config():      r.renderConfig(),
		r.plugins():     "[].\n",
		r.definitions(): definitions,
	}
	for path, content := range files {
		if err := writePrivate(path, content); err != nil {
			return fmt.Errorf("prepare %s: %w", r.name(), err)
		}
	}
	return r.ensureCookie()
}

func (r RabbitMQ) renderConfig() string {
	return fmt.Sprintf(`# written at every start
listeners.tcp.1 = 127.0.0.1:%d
load_definitions = %s
loopback_users = none
log.console = false
log.file = rabbitmq.log
log.file.level = info
`, r.Port, r.definitions())
}

// ensureCookie makes the secret that lets erl_call talk to the broker.
func (r RabbitMQ) ensureCookie() error {
	path := filepath.Join(r.Dir, ".erlang.cookie")
	if exists(path) {
		return nil
	}
	if err := os.WriteFile(path, []byte(rand.Text()), 0o400); err != nil {
		return fmt.Errorf("prepare %s: %w", r.name(), err)
	}
	return nil
}

// The document RabbitMQ imports (its "definitions").
type (
	definitions struct {
		Users       []definedUser       `json:"users"`
		VHosts      []definedVHost      `json:"vhosts"`
		Permissions []definedPermission `json:"permissions"`
	}
	definedUser struct {
		Name         string   `json:"name"`
		PasswordHash string   `json:"password_hash"`
		Algorithm    string   `json:"hashing_algorithm"`
		Tags         []string `json:"tags"`
	}
	definedVHost struct {
		Name string `json:"name"`
	}
	definedPermission struct {
		User      string `json:"user"`
		VHost     string `json:"vhost"`
		Configure string `json:"configure"`
		Write     string `json:"write"`
		Read      string `json:"read"`
	}
)

func (r RabbitMQ) renderDefinitions() (string, error) {
	var d definitions
	known := make(map[string]bool)
	for _, user := range r.Users {
		d.Users = append(d.Users, definedUser{
			Name: user.Name, PasswordHash: brokerHash(user.Password),
			Algorithm: "rabbit_password_hashing_sha256", Tags: []string{},
		})
		for _, vhost := range user.VHosts {
			if !known[vhost] {
				known[vhost] = true
				d.VHosts = append(d.VHosts, definedVHost{Name: vhost})
			}
			d.Permissions = append(d.Permissions, definedPermission{
				User: user.Name, VHost: vhost, Configure: ".*", Write: ".*", Read: ".*",
			})
		}
	}
	encoded, err := json.MarshalIndent(d, "", "  ")
	return string(encoded) + "\n", err
}

// brokerHash is RabbitMQ's salted password hash: four bytes of salt, then
// SHA-256 of salt and password, in base64.
func brokerHash(password string) string {
	salt := make([]byte, 4)
	_, _ = rand.Read(salt) // never fails
	digest := sha256.Sum256(append(salt[:len(salt):len(salt)], password...))
	return base64.StdEncoding.EncodeToString(append(salt, digest[:]...))
}

func (r RabbitMQ) definitions() string { return filepath.Join(r.Dir, "definitions.json") }
