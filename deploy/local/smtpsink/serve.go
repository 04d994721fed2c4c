package smtpsink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/emersion/go-smtp"
)

// Options says where the sink listens and what it keeps.
type Options struct {
	SMTPListen string // address of the mail server
	Listen     string // address of the page
	Dir        string // of the store
	Log        *slog.Logger
}

const (
	mostMessages    = 1000
	largestMessage  = 5 << 20
	mostRecipients  = 100
	timeout         = 30 * time.Second
	shutdownTimeout = 5 * time.Second
)

// Serve accepts mails and shows them until ctx ends.
func Serve(ctx context.Context, opts Options) error {
	store, err := OpenStore(opts.Dir, mostMessages)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	mails, err := listen.Listen(ctx, "tcp", opts.SMTPListen)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	pages, err := listen.Listen(ctx, "tcp", opts.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("mail page: %w", err), mails.Close())
	}
	mailServer := newMailServer(store)
	pageServer := &http.Server{Handler: newHandler(store), ReadHeaderTimeout: timeout}
	failed := make(chan error, 2)
	go func() { failed <- mailServer.Serve(mails) }()
	go func() { failed <- pageServer.Serve(pages) }()
	opts.Log.InfoContext(ctx, "serving", "smtp", mails.Addr().String(), "page", pages.Addr().String(), "kept", len(store.Messages("")))

	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	return errors.Join(err, mailServer.Shutdown(end), pageServer.Shutdown(end))
}

func newMailServer(store *Store) *smtp.Server {
	server := smtp.NewServer(backend{store})
	server.Domain = "localhost"
	server.ReadTimeout, server.WriteTimeout = timeout, timeout
	server.MaxMessageBytes, server.MaxRecipients = largestMessage, mostRecipients
	return server
}
