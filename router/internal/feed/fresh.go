package feed

import "sync"

// vouch is what is known of the ways by which changes arrive. The cache is
// fresh as long as one of them works: the poll, or messages without a gap.
type vouch struct {
	mu     sync.Mutex
	polls  bool // the last poll was answered
	pushed bool // JetStream delivers
	gap    bool // something was not delivered, and not yet polled
}

// know changes what is known and tells the cache.
func (f *Feed) know(change func(*vouch)) {
	v := &f.vouch
	v.mu.Lock()
	defer v.mu.Unlock()
	change(v)
	f.cache.SetFresh(v.works())
}

func (v *vouch) works() bool { return v.polls || v.pushed && !v.gap }

func (v *vouch) fresh() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.works()
}

// answered notes that the source told everything it had.
func (f *Feed) answered() { f.know(func(v *vouch) { v.polls, v.gap = true, false }) }

func (f *Feed) notAnswered() { f.know(func(v *vouch) { v.polls = false }) }

func (f *Feed) noteGap() { f.know(func(v *vouch) { v.gap = true }) }

func (f *Feed) setConnected(connected bool) {
	f.connected.Store(connected)
	f.know(func(v *vouch) { v.pushed = connected })
}
