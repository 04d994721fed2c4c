package listen_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/testkit"
)

// One process after the other takes the port over while clients connect: none
// of them is reset.
func TestTakeover(t *testing.T) {
	t.Parallel()
	const handOver = 200 * time.Millisecond
	current := serve(t, listen.Options{ReusePort: true, HandOver: handOver})
	addr := current.Addr().String()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var served, failed atomic.Int64
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := dialAndEcho(addr); err != nil {
					failed.Add(1)
					t.Log(err)
					continue
				}
				served.Add(1)
			}
		})
	}
	for range 20 {
		next := serve(t, listen.Options{Addr: addr, ReusePort: true, HandOver: handOver})
		<-next.peers
		before := served.Load()
		if err := current.Close(); err != nil {
			t.Error(err)
		}
		<-current.done
		testkit.Eventually(t, "the next one to serve", func() bool { return served.Load() > before+100 })
		current = next
	}
	close(stop)
	clients.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d connections of %d failed", failed.Load(), served.Load())
	}
}

func dialAndEcho(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	return errors.Join(echo(conn), conn.Close())
}

// Whoever of two closes, the older or the younger one, gets no more connections
// while it finishes what had begun; the next one to come shares them again.
func TestCloseHandsOver(t *testing.T) {
	t.Parallel()
	opts := listen.Options{ReusePort: true, HandOver: 3 * time.Second}
	older := serve(t, opts)
	opts.Addr = older.Addr().String()
	younger := serve(t, opts)
	for _, closes := range []string{"the older", "the younger"} {
		sharedByAll(t, opts.Addr, older, younger)
		leaves, stays := older, younger
		if closes == "the younger" {
			leaves, stays = younger, older
		}
		closed := make(chan error, 1)
		go func() { closed <- leaves.Close() }()
		const batch = 30 // by chance all go one way once in a thousand million times
		testkit.Eventually(t, closes+" to hand over", func() bool {
			before := len(stays.peers)
			for range batch {
				if err := dialAndEcho(opts.Addr); err != nil {
					t.Fatal(err)
				}
			}
			return len(stays.peers) == before+batch
		})
		select {
		case <-closed:
			t.Errorf("%s had closed before it handed over", closes)
		default:
			if err := <-closed; err != nil {
				t.Error(err)
			}
		}
		older, younger = stays, serve(t, opts)
	}
	sharedByAll(t, opts.Addr, older, younger)
}

func sharedByAll(t *testing.T, addr string, servers ...*server) {
	t.Helper()
	before := make([]int, len(servers))
	for i, s := range servers {
		before[i] = len(s.peers)
	}
	testkit.EventuallyOK(t, "connections for all", func() error {
		if err := dialAndEcho(addr); err != nil {
			return err
		}
		for i, s := range servers {
			if len(s.peers) == before[i] {
				return fmt.Errorf("server %d has none", i)
			}
		}
		return nil
	})
}
