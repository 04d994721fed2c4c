package app

import (
	"log/slog"
	"time"

	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/shared/run"
)

// Connections to Redis: the API's requests hold one for a moment each, the
// worker only tells of its writes.
const (
	apiMemoryConns    = 64
	workerMemoryConns = 8
)

// openMemory lets Redis remember answers, and hear of the store's writes. It
// returns nil if there is no Redis.
func openMemory(stack *run.Stack, url string, conns int, store *citus.Store, opts rediscache.Options) (*rediscache.Cache, error) {
	if url == "" {
		return nil, nil //nolint:nilnil // the cell works without one
	}
	client, err := rediscache.Connect(url, conns)
	if err != nil {
		return nil, err
	}
	stack.PushClose("redis", func() { _ = client.Close() }) // nothing is lost with it
	opts.Client = client
	memory := rediscache.New(opts)
	store.Announce(memory)
	return memory, nil
}

// memoryLoop looks often: while it has something to tell, answers may be old.
func memoryLoop(log *slog.Logger) run.Loop {
	return run.Loop{Name: "memory", Interval: rediscache.Interval, MaxPause: time.Second, Log: log}
}
