package servers

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
)

// Redis is a Redis 7.0 server that evicts the least recently used keys.
type Redis struct {
	// Dir holds the configuration, the data and the log.
	Dir string `json:"dir"`
	// Port is the loopback port.
	Port int `json:"port"`
	// Password is what every client must give.
	Password string `json:"password"`
	// Name is what messages call the server; "redis" if empty.
	Name string `json:"name,omitempty"`
	// MaxMemory is Redis' notation for the bound of its data; "64mb" if empty.
	MaxMemory string `json:"max_memory,omitempty"`
	// AppendOnly makes data survive a restart.
	AppendOnly bool `json:"append_only,omitempty"`
	// Databases is how many numbered databases there are; 0 means 16.
	Databases int `json:"databases,omitempty"`
}

// Prepare writes the configuration.
func (r Redis) Prepare(context.Context) error {
	if err := makeDir(r.Dir); err != nil {
		return err
	}
	if err := writePrivate(r.config(), r.renderConfig()); err != nil {
		return fmt.Errorf("prepare %s: %w", r.name(), err)
	}
	return nil
}

// Spec says how to run the server.
func (r Redis) Spec() Spec {
	return Spec{
		Name:  r.name(),
		Path:  "/usr/bin/redis-server",
		Args:  []string{r.config()},
		Env:   baseEnv(),
		Dir:   r.Dir,
		Log:   filepath.Join(r.Dir, "redis.log"),
		Ready: r.ready,
	}
}

// URL is the address of one of the numbered databases.
func (r Redis) URL(database int) string {
	address := url.URL{
		Scheme: "redis",
		User:   url.UserPassword("default", r.Password),
		Host:   loopback(r.Port),
		Path:   "/" + strconv.Itoa(database),
	}
	return address.String()
}

// ready speaks the protocol itself: two lines do not need a client's library.
func (r Redis) ready(ctx context.Context) error {
	conn, err := dialer(ctx)("tcp4", loopback(r.Port))
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // the answers count
	if _, err := fmt.Fprintf(conn, "AUTH %s\r\nPING\r\n", r.Password); err != nil {
		return err
	}
	answers := bufio.NewReader(conn)
	for _, want := range []string{"+OK\r\n", "+PONG\r\n"} {
		answer, err := answers.ReadString('\n')
		if err != nil {
			return err
		}
		if answer != want {
			return fmt.Errorf("redis answers %q", answer)
		}
	}
	return nil
}

func (r Redis) renderConfig() string {
	appendOnly, maxMemory := "no", r.MaxMemory
	if r.AppendOnly {
		appendOnly = "yes"
	}
	if maxMemory == "" {
		maxMemory = "64mb"
	}
	return fmt.Sprintf(`# written at every start
bind 127.0.0.1
port %d
requirepass %s
dir %q
databases %d
daemonize no
save ""
appendonly %s
maxmemory %s
maxmemory-policy allkeys-lru
`, r.Port, r.Password, r.Dir, orDefault(r.Databases, 16), appendOnly, maxMemory)
}

func (r Redis) name() string {
	if r.Name == "" {
		return "redis"
	}
	return r.Name
}

func (r Redis) config() string { return filepath.Join(r.Dir, "redis.conf") }
