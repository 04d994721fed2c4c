package events

import (
	"context"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// pageSize is how many events are read at once.
const pageSize = 100

// readTimeout bounds a follower's read: a stream has no deadline of its own.
const readTimeout = 10 * time.Second

// Follower sees a tenant's events one page after another. It is for one
// goroutine, and must be closed.
type Follower struct {
	hub     *Hub
	call    *cell.Call
	after   int64
	behind  bool            // there may be more than the last page had
	news    <-chan struct{} // closed if something happened since the last read began
	checked time.Time
}

// Follow begins behind the given place, or, if it is nil, with what happens
// from now on. The call's tenant, credential and rights are judged at once.
func (h *Hub) Follow(ctx context.Context, call *cell.Call, after *int64) (*Follower, error) {
	if err := h.enter(call.Tenant); err != nil {
		return nil, err
	}
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	news := h.news(call.Tenant)
	page, err := h.feed.ReadEvents(reading, call, 0, 0)
	if err == nil && after != nil && *after > page.Head {
		// The cell was restored from a backup, and knows less than was sent.
		err = fault.New(fault.Gone, "the cursor is ahead of what this cell holds; read anew, and follow without a cursor")
	}
	if err == nil && after != nil {
		err = refuseGone(page, *after)
	}
	if err != nil {
		h.leave(call.Tenant)
		return nil, err
	}
	f := &Follower{hub: h, call: call, after: page.Head, news: news, checked: time.Now()}
	if after != nil {
		f.after, f.behind = *after, *after < page.Head
	}
	return f, nil
}

// refuseGone refuses to go on where events may be gone: some would be skipped.
func refuseGone(page cell.EventPage, after int64) error {
	if after < page.Horizon {
		return fault.New(fault.Gone, "the events behind the cursor are older than the plan keeps them; read anew, and follow without a cursor")
	}
	return nil
}

// Close ends the following.
func (f *Follower) Close() { f.hub.leave(f.call.Tenant) }

// After is the place behind which the next page begins.
func (f *Follower) After() int64 { return f.after }

// Next returns the events that follow and that the follower may see, as soon as
// there are some, or none when the wait is over. Its errors end the following:
// the tenant has left, the credential is not good any more.
func (f *Follower) Next(ctx context.Context, wait time.Duration) ([]cell.Event, error) {
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for {
		if f.behind || time.Since(f.checked) >= f.hub.recheck {
			events, err := f.read(ctx)
			if err != nil || len(events) > 0 {
				return events, err
			}
			if f.behind {
				continue // a page of what the follower may not see
			}
		}
		recheck := time.NewTimer(f.hub.recheck - time.Since(f.checked))
		select {
		case <-f.news:
			f.behind = true
		case <-recheck.C:
		case <-patience.C:
			recheck.Stop()
			return nil, nil
		case <-ctx.Done():
			recheck.Stop()
			return nil, ctx.Err()
		}
		recheck.Stop()
	}
}

func (f *Follower) read(ctx context.Context) ([]cell.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	f.news = f.hub.news(f.call.Tenant) // before the read, so that none is missed
	page, err := f.hub.feed.ReadEvents(ctx, f.call, f.after, pageSize)
	if err != nil {
		return nil, err
	}
	if err := refuseGone(page, f.after); err != nil {
		return nil, err
	}
	f.checked = time.Now()
	f.behind = len(page.Events) == pageSize
	var seen []cell.Event
	for _, e := range page.Events {
		f.after = e.Seq
		if !page.Actor.Sees(e) {
			continue
		}
		if !page.Actor.Has(cell.UsersRead) {
			e.ActorID = [16]byte{}
		}
		seen = append(seen, e)
	}
	return seen, nil
}
