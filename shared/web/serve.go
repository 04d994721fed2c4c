package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServerOptions says what to serve and how long to drain.
type ServerOptions struct {
	Name            string // in logs and errors
	Listener        net.Listener
	Handler         http.Handler
	Log             *slog.Logger
	ShutdownTimeout time.Duration // 0: 10 s
}

// Serve serves until ctx ends, then stops accepting, lets requests in flight
// finish for at most ShutdownTimeout, and returns nil if they all did. Handlers
// that wait for long should watch [Draining].
func Serve(ctx context.Context, opts ServerOptions) error {
	if opts.ShutdownTimeout == 0 {
		opts.ShutdownTimeout = 10 * time.Second
	}
	base := context.WithValue(context.WithoutCancel(ctx), drainingKey{}, ctx.Done())
	server := &http.Server{
		Handler: opts.Handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog:    slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(opts.Listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("%s: %w", opts.Name, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), opts.ShutdownTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("%s: requests were still in flight after %s", opts.Name, opts.ShutdownTimeout), server.Close())
	}
	return err
}

type drainingKey struct{}

// Draining is closed when the server that serves ctx's request begins to drain:
// a long poll or stream should then end. It is nil, and so never ready, outside
// of [Serve].
func Draining(ctx context.Context) <-chan struct{} {
	done, _ := ctx.Value(drainingKey{}).(<-chan struct{})
	return done
}

// Listen opens a TCP listener; its error says what to do about it.
func Listen(addr string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; free the address or choose another with the process's flags", addr, err)
	}
	return listener, nil
}
