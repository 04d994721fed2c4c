package wire_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coditect/platform/router/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func pair(t *testing.T) (*wire.Conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close() })
	return wire.New(client), server
}

func TestExchange(t *testing.T) {
	t.Parallel()
	c, server := pair(t)
	go func() { _, _ = io.Copy(server, server) }()
	buf := make([]byte, 4096)
	for _, size := range []int{1, 100, 4000, 1 << 20} { // the last one does not fit the socket's buffer
		out := make([]byte, size)
		got, err := c.Exchange(out, func() []byte { return buf })
		if err != nil || len(got) == 0 {
			t.Fatalf("%d octets: %d, %v", size, len(got), err)
		}
		for n := len(got); n < size; {
			got, err := c.Await(func() []byte { return buf })
			if err != nil {
				t.Fatal(err)
			}
			n += len(got)
		}
	}
	_ = server.Close()
	if _, err := c.Await(func() []byte { return buf }); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	c, server := pair(t)
	r := wire.NewReaper(nil)
	r.Watch(c)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	defer running.Wait()
	defer cancel()
	buf := make([]byte, 16)
	c.Expire(time.Now())
	if _, err := c.Await(func() []byte { return buf }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("overdue: %v", err)
	}
	c.Expire(time.Now().Add(time.Minute)) // undoes it
	if _, err := server.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Await(func() []byte { return buf }); err != nil || string(got) != "x" {
		t.Errorf("%q %v", got, err)
	}
}

// Whatever the reaper does in the moment in which something arrives, nothing is
// lost: neither what was read nor what is written next.
func TestAnArrivalInTheMomentOfExpiry(t *testing.T) {
	t.Parallel()
	c, server := pair(t)
	r := wire.NewReaper(nil)
	r.Watch(c)
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				r.Sweep()
			}
		}
	})
	running.Go(func() { _, _ = io.Copy(server, server) })
	buf := make([]byte, 16)
	for range 3000 {
		c.Expire(time.Time{})
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatalf("write: %v", err)
		}
		for {
			c.Expire(time.Now()) // overdue at once
			got, err := c.Await(func() []byte { return buf })
			if err == nil {
				if string(got) != "x" {
					t.Fatalf("%q", got)
				}
				break
			}
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	_ = server.Close()
	running.Wait()
}
