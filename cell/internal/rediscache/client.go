package rediscache

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dialTimeout bounds connecting; requests wait for it no longer than for anything else.
const dialTimeout = time.Second

// Connect returns a client of one Redis, fit for [Options]: it never repeats a
// command and gives up with its context. It does not connect yet. The caller
// closes it.
func Connect(url string, conns int) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("the address of Redis is no redis:// URL") // err may quote the password
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	o.DialTimeout = dialTimeout
	o.DialerRetries = 1
	o.PoolSize = conns
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(o)
	client.AddHook(traced{})
	return client, nil
}
