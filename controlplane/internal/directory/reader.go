package directory

import (
	"context"
	"io"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// Log is the directory as its readers see it. The consumer's own interface, so
// that waiting can be tested without a database.
type Log interface {
	Lookup(ctx context.Context, key directory.Key) (*directory.Entry, uint64, error)
	LookupMany(ctx context.Context, keys []directory.Key) ([]*directory.Entry, uint64, error)
	Changes(ctx context.Context, since uint64, limit int) (directory.Changes, error)
	WriteSnapshot(ctx context.Context, w io.Writer) error
}

// Announcer says when the directory changes.
type Announcer interface {
	// Changed returns a channel that is closed at the next change.
	Changed() <-chan struct{}
}

// Reader answers the directory's readers.
type Reader struct {
	Log
	Announcer Announcer
}

// repoll bounds how long a long poll trusts that announcements arrive.
const repoll = 5 * time.Second

// Await returns the changes after a version. If there are none it waits for the
// first one, at most for the given time or until stop is closed, and may then
// return an empty run.
func (r Reader) Await(ctx context.Context, since uint64, limit int, wait time.Duration, stop <-chan struct{}) (directory.Changes, error) {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		changed := r.Announcer.Changed()
		run, err := r.Changes(ctx, since, limit)
		if err != nil || len(run.Changes) > 0 || wait == 0 {
			return run, err
		}
		again := time.NewTimer(repoll)
		select {
		case <-changed:
		case <-again.C:
		case <-deadline.C:
			return run, nil
		case <-stop:
			return run, nil
		case <-ctx.Done():
			return run, ctx.Err()
		}
		again.Stop()
	}
}
