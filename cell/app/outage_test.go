package app_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/testkit"
)

// The worker comes back by itself after its connections were cut, and jobs
// enqueued meanwhile are done.
func TestWorkerSurvivesLostConnections(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	cable := newCable(t, testkit.RabbitMQ(t))
	p.startWorker(t, cable.url, sink, nil)
	p.awaitJob(t, p.signUp(t), api.Done)
	cable.cut()
	p.awaitJob(t, p.signUp(t), api.Done)
	p.exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename IN ('cell_relay', 'cell_app')`)
	p.awaitJob(t, p.signUp(t), api.Done)
	if n := len(sink.await(t, 3)); n != 3 {
		t.Errorf("%d mails for 3 jobs", n)
	}
}

// Two workers share the jobs; each job is done once.
func TestTwoWorkersDoEachJobOnce(t *testing.T) {
	t.Parallel()
	p, sink, broker := start(t, nil), newSink(t), testkit.RabbitMQ(t)
	p.startWorker(t, broker, sink, nil)
	p.startWorker(t, broker, sink, nil)
	const jobs = 20
	tenants := make([]tenant, jobs)
	for i := range tenants {
		tenants[i] = p.signUp(t)
	}
	for _, tn := range tenants {
		if job := p.awaitJob(t, tn, api.Done); job.Attempts != 1 {
			t.Errorf("%+v", job)
		}
	}
	if n := len(sink.await(t, jobs)); n != jobs {
		t.Errorf("%d mails for %d jobs", n, jobs)
	}
}

// cable stands between a client and a server and can be cut.
type cable struct {
	url string

	mu    sync.Mutex
	conns []net.Conn
}

func newCable(t *testing.T, server string) *cable {
	t.Helper()
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	upstream := address.Host
	address.Host = listener.Addr().String()
	c := &cable{url: address.String()}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", upstream)
			if err != nil {
				_ = near.Close()
				continue
			}
			c.add(near, far)
			pumps.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
			pumps.Go(func() { _, _ = io.Copy(near, far); _ = near.Close() })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); c.cut(); pumps.Wait() })
	return c
}

func (c *cable) add(conns ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = append(c.conns, conns...)
}

func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}
