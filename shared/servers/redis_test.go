package servers_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/shared/servers"
)

func TestRedisServes(t *testing.T) {
	t.Parallel()
	server := servers.Redis{Dir: t.TempDir(), Port: freePorts(t, 1)[0], Password: "secret", MaxMemory: "20mb", AppendOnly: true}
	start(t, server)
	options, err := redis.ParseURL(server.URL(3))
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if got := client.Get(t.Context(), "key").Val(); got != "value" {
		t.Errorf("read %q back", got)
	}
	policy := client.ConfigGet(t.Context(), "maxmemory*").Val()
	if policy["maxmemory-policy"] != "allkeys-lru" || policy["maxmemory"] != "20971520" {
		t.Errorf("memory settings: %v", policy)
	}
}
