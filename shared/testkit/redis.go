package testkit

import (
	"context"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/shared/servers"
)

// redisNumbers is how many tests of one program can have a Redis number.
const redisNumbers = 4096

var (
	redisServer = sync.OnceValues(func() (servers.Redis, error) {
		dir, ports, err := place("redis", 1)
		if err != nil {
			return servers.Redis{}, err
		}
		server := servers.Redis{Dir: dir, Port: ports[0], Password: rand.Text(), MaxMemory: "512mb", Databases: redisNumbers}
		_, err = start(context.Background(), server)
		return server, err
	})
	redisNumber atomic.Int64
)

// Redis returns the URL of an empty Redis database of the test's own. Its
// server is the test program's, so FLUSHALL and CONFIG are not the test's own;
// a test that needs these runs its own server with Run.
func Redis(t testing.TB) string {
	t.Helper()
	server, err := redisServer()
	if err != nil {
		t.Fatal(err)
	}
	number := int(redisNumber.Add(1))
	if number >= redisNumbers {
		t.Fatalf("more than %d Redis databases in one test program", redisNumbers)
	}
	address := server.URL(number)
	t.Cleanup(func() { emptyRedis(t, address) })
	return address
}

func emptyRedis(t testing.TB, address string) {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client := redis.NewClient(options)
	if err := client.FlushDB(ctx).Err(); err != nil {
		t.Errorf("empty redis: %v", err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
