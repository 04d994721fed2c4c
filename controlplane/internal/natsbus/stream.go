package natsbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/shared/directory"
)

const (
	keepMessages = 24 * time.Hour
	keepBytes    = 512 << 20
	dedupeWindow = 2 * time.Minute
	reconnect    = 500 * time.Millisecond
)

// Connect returns a connection that comes up whenever the server does, and
// again after every loss. Nothing is buffered meanwhile: what is not stored is
// still in the log.
func Connect(address string, log *slog.Logger) (*nats.Conn, jetstream.JetStream, error) {
	conn, err := nats.Connect(address,
		nats.Name("controlplane"), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(reconnect), nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil { // nil when we closed it ourselves
				log.Warn("connection to NATS lost; changes wait in the log", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("connected to NATS again") }),
	)
	var parse *url.Error
	if errors.As(err, &parse) {
		err = errors.New("not a valid nats:// URL") // the parser's error may quote the password
	}
	if err != nil {
		return nil, nil, fmt.Errorf("NATS: %w; check the URL given by --nats-url", err)
	}
	stream, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("NATS JetStream: %w", err)
	}
	return conn, stream, nil
}

// ensureStream makes the stream, or makes it again if it was lost with its server.
func (r *Relay) ensureStream(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	_, err := r.Stream.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: directory.Stream, Description: "changes of the directory, in version order",
		Subjects: []string{directory.Subject}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardOld,
		MaxAge: keepMessages, MaxBytes: keepBytes, Duplicates: dedupeWindow,
	})
	if err != nil {
		return fmt.Errorf("stream %s: %w", directory.Stream, err)
	}
	return nil
}
