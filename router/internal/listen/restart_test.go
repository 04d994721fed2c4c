package listen_test

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coditect/platform/router/internal/listen"
	"github.com/coditect/platform/shared/testkit"
)

// One process after the other takes the port over while clients connect. A
// client whose handshake is under way in the moment of a close may be reset, as
// the kernel has it; its second try meets the successor.
func TestTakeover(t *testing.T) {
	t.Parallel()
	current := serve(t, listen.Options{ReusePort: true})
	addr := current.Addr().String()
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var served, again, failed atomic.Int64
	for range 8 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := dialAndEcho(addr)
				if err != nil {
					again.Add(1)
					err = dialAndEcho(addr)
				}
				if err != nil {
					failed.Add(1)
					t.Log(err)
					continue
				}
				served.Add(1)
			}
		})
	}
	for range 20 {
		next := serve(t, listen.Options{Addr: addr, ReusePort: true})
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
		t.Errorf("%d connections failed", failed.Load())
	}
	if n, most := again.Load(), served.Load()/50; n > most {
		t.Errorf("%d second tries for %d connections", n, served.Load())
	}
}

func dialAndEcho(addr string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	return errors.Join(echo(conn), conn.Close())
}
