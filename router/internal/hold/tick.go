package hold

import "time"

// retrySoon starts the tries without news anew, from the shortest pause.
func (w *window) retrySoon(now time.Time) {
	w.retry = firstRetry
	w.nextRetry = now.Add(w.retry)
}

// wakeAt is when the timer has something to do.
func (w *window) wakeAt() time.Time {
	switch {
	case w.queue.Len() > 0 && w.nextRetry.Before(w.deadline):
		return w.nextRetry
	case w.queue.Len() > 0:
		return w.deadline
	case w.quietAt.IsZero(): // all are out trying, and will report
		return time.Now().Add(w.hold.opts.Window)
	default:
		return w.quietAt.Add(w.hold.opts.MinInterval)
	}
}

// tick is the timer's function. It may be late, or called when there is
// nothing to do any more.
func (w *window) tick() {
	w.hold.mu.Lock()
	defer w.hold.mu.Unlock()
	now := time.Now()
	if w.forgettable(now) {
		w.forget()
		return
	}
	w.expire(now)
	if w.queue.Len() > 0 && !now.Before(w.nextRetry) {
		w.try(now)
	}
	w.settle(now)
}

// try gives one turn more than is due: without news nothing else would end a
// freeze that was only aborted, and a try that takes long must not stop the others.
func (w *window) try(now time.Time) {
	w.give()
	w.retry = min(2*w.retry, lastRetry)
	w.nextRetry = now.Add(w.retry)
}

// expire refuses everybody who still waits at the window's end. Who has a turn
// keeps it, but cannot come back.
func (w *window) expire(now time.Time) {
	if !w.over(now) || !w.quietAt.IsZero() {
		return
	}
	for w.queue.Len() > 0 {
		r := w.queue.first()
		w.queue.remove(r)
		r.leave(reasons[ErrWindow])
		r.turn <- ErrWindow
	}
	w.turns, w.quietAt = 0, now
	w.settle(now)
}
