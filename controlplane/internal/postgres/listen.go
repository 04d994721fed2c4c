package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// Announcer tells many waiters that the directory has changed. Its channel is
// closed at the next change.
type Announcer struct {
	mu   sync.Mutex
	next chan struct{}
}

// NewAnnouncer returns an announcer; Listen feeds it.
func NewAnnouncer() *Announcer { return &Announcer{next: make(chan struct{})} }

// Changed returns a channel that is closed at the next change. A waiter gets it
// before it looks, so that no change falls between looking and waiting.
func (a *Announcer) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.next
}

func (a *Announcer) announce() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.next)
	a.next = make(chan struct{})
}

// quietCheck bounds how long a dead connection that nobody closed goes unseen.
const quietCheck = 20 * time.Second

// Listen announces the commits of directory changes, by whatever replica, until
// its connection fails. Whoever listens anew calls it again: since commits may
// have been missed in between, it begins with an announcement.
func (s DirectoryStore) Listen(ctx context.Context, a *Announcer) error {
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return outage(err)
	}
	conn := pooled.Hijack() // what listens must not go back to the pool
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return outage(err)
	}
	for {
		a.announce()
		if err := awaitNotification(ctx, conn); err != nil {
			return err
		}
	}
}

func awaitNotification(ctx context.Context, conn *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, quietCheck)
		_, err := conn.WaitForNotification(wait)
		quiet := wait.Err() != nil && ctx.Err() == nil
		cancel()
		switch {
		case err == nil:
			return nil
		case !quiet:
			return fmt.Errorf("listen: %w", err)
		}
		if err := conn.Ping(ctx); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
}
