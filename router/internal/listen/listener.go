package listen

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Listener accepts clients. Its connections are [Peer]s that are ready to be
// read from: PROXY header and handshake are behind them.
type Listener struct {
	opts    Options
	tcp     *net.TCPListener
	before  map[uint64]bool // who listened on the address before: inodes
	certs   *certificates   // nil: no TLS
	tls     *tls.Config
	metrics *metrics
	stop    context.CancelFunc // ends the watching of certificates

	open      atomic.Int64
	preparing atomic.Int64
	clients   *perClient

	ready     chan Peer
	work      sync.WaitGroup // the accepting goroutine, and those that prepare connections
	closeOnce sync.Once
	closeErr  error
	closing   chan struct{} // Close was called
	closed    chan struct{} // the socket is closed
	abandoned chan struct{} // nobody accepts what is left
	ended     chan struct{} // nothing is left
}

// Listen opens the socket and starts to accept. Every error says what to change.
func Listen(opts Options) (*Listener, error) {
	if err := opts.setDefaults(); err != nil {
		return nil, err
	}
	l := &Listener{
		opts: opts, clients: newPerClient(), ready: make(chan Peer), stop: func() {},
		closing: make(chan struct{}), closed: make(chan struct{}), abandoned: make(chan struct{}), ended: make(chan struct{}),
	}
	l.metrics = newMetrics(l)
	if len(opts.Certificates) > 0 {
		certs, err := loadCertificates(opts.Certificates, opts.Log, func() { l.metrics.reloadFail.Inc() })
		if err != nil {
			return nil, err
		}
		l.certs, l.tls = certs, certs.config()
	}
	tcp, err := listenTCP(opts.Addr, opts.ReusePort)
	if err != nil {
		return nil, err
	}
	l.tcp = tcp
	if opts.ReusePort {
		if l.before, err = join(tcp); err != nil {
			opts.Log.Warn("the others on this address are not known: closing may reset handshakes that are under way", "err", err)
		}
	}
	l.start()
	return l, nil
}

func (l *Listener) start() {
	l.metrics.register(l.opts.Registry, l.certs)
	if l.certs != nil {
		var ctx context.Context
		ctx, l.stop = context.WithCancel(context.Background()) // ends with Close
		l.work.Go(func() { l.certs.watch(ctx, l.opts.ReloadInterval) })
	}
	l.work.Go(l.run)
	go func() {
		l.work.Wait()
		close(l.ended)
	}()
}

// Accept returns the next client. After Close it first returns those that had
// connected before, then net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.ready:
		return conn, nil
	case <-l.ended:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.tcp.Addr(), Err: net.ErrClosed}
	}
}

// Addr returns the address that is listened on.
func (l *Listener) Addr() net.Addr { return l.tcp.Addr() }

// Close stops listening. Clients whose connection the kernel has established
// are still served: go on calling Accept until it fails.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() {
		l.stop()
		close(l.closing)
		_ = l.tcp.SetDeadline(time.Unix(1, 0)) // wakes the accepting goroutine; a socket that is closed needs no waking
		<-l.closed
		// A caller that accepts no more would keep the rest waiting for ever.
		timer := time.AfterFunc(headerTimeout+2*l.opts.HandshakeTimeout, func() { close(l.abandoned) })
		go func() {
			<-l.ended
			timer.Stop()
		}()
	})
	return l.closeErr
}

// Reload reads certificates whose files changed, now. One that cannot be used
// stays as it was.
func (l *Listener) Reload(ctx context.Context) error {
	if l.certs == nil {
		return nil
	}
	return l.certs.reload(ctx)
}
