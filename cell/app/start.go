package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/web"
)

// listen opens listeners in the order of addresses.
func listen(stack *run.Stack, addresses ...string) ([]net.Listener, error) {
	listeners := make([]net.Listener, len(addresses))
	for i, address := range addresses {
		l, err := web.Listen(address)
		if err != nil {
			return nil, err
		}
		listeners[i] = l
		stack.PushClose("listener", func() { _ = l.Close() }) // closed already once it was served
	}
	return listeners, nil
}

// secured puts TLS over both APIs, if the options say so.
func secured(opts APIOptions, listeners []net.Listener) error {
	if opts.TLS == "" {
		return nil
	}
	certificate, err := web.OpenCertificate(opts.TLS, opts.Log)
	if err != nil {
		return fmt.Errorf("--tls: %w", err)
	}
	for i, l := range listeners {
		listeners[i] = certificate.Over(l)
	}
	return nil
}

const schemaPatience = 5 * time.Second

// refuseOldSchema fails if the database says that its schema is too old. One
// that does not answer says nothing: the process then starts and is not ready.
func refuseOldSchema(ctx context.Context, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, schemaPatience)
	defer cancel()
	if err := check(ctx); errors.Is(err, citus.ErrSchema) {
		return err
	}
	return nil
}
