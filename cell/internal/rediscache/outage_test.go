package rediscache_test

import (
	"log/slog"
	"syscall"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func runRedis(t *testing.T) (servers.Redis, *servers.Process) {
	t.Helper()
	server := servers.Redis{Dir: t.TempDir(), Port: testkit.FreePorts(t, 1)[0], Password: "secret"}
	return server, testkit.Run(t, server)
}

// A Redis that hangs costs a bounded time, then none; what it missed it is told
// before anything is answered from memory again.
func TestRedisThatHangs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, process := runRedis(t)
	const timeout = 100 * time.Millisecond
	mine := rediscache.New(rediscache.Options{Client: connect(t, server.URL(0)), Log: slog.New(slog.DiscardHandler), Timeout: timeout})
	id, quiet := tenancy.NewID(), tenancy.NewID()
	others := open(t, server.URL(0))
	keep(t, others, question(id), "old")
	keep(t, others, question(quiet), "old")

	signal(t, process, syscall.SIGSTOP)
	start := time.Now()
	const requests = 100
	for range requests {
		if known := mine.Look(ctx, question(id)); known.Open || known.Answer != nil {
			t.Fatalf("a hanging Redis answered: %+v", known)
		}
	}
	if took := time.Since(start); took > 20*timeout {
		t.Errorf("%d looks took %v", requests, took)
	}
	m := mutation(id, true)
	mine.Before(ctx, m)
	mine.After(ctx, m)
	signal(t, process, syscall.SIGCONT)
	testkit.Eventually(t, "Redis is used again", func() bool {
		if err := mine.RunOnce(ctx); err != nil {
			t.Fatal(err)
		}
		return mine.Look(ctx, question(quiet)).Answer != nil
	})
	knows(t, others, question(id), false, false)
	knows(t, mine, question(id), false, false)
}

func TestRedisThatIsKilled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, process := runRedis(t)
	mine := open(t, server.URL(0))
	id := tenancy.NewID()
	keep(t, mine, question(id), "old")
	signal(t, process, syscall.SIGKILL)
	for range 10 {
		if known := mine.Look(ctx, question(id)); known.Open {
			t.Fatalf("a dead Redis answered: %+v", known)
		}
	}
	if err := mine.Drop(ctx, id); err == nil {
		t.Error("Drop did not say that it failed")
	}
	mine.Keep(ctx, question(id), cell.Remembered{Open: true}, finding("lost"))
	if err := process.Stop(ctx); err != nil {
		t.Logf("it is dead already: %v", err)
	}
	testkit.Run(t, server)
	testkit.Eventually(t, "Redis is used again", func() bool {
		if err := mine.RunOnce(ctx); err != nil {
			t.Fatal(err)
		}
		return mine.Look(ctx, question(id)).Open
	})
	knows(t, mine, question(id), false, false)
}

func signal(t *testing.T, process *servers.Process, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(process.ID().PID, s); err != nil {
		t.Fatal(err)
	}
}
