package tenantclient

import (
	"testing"
	"time"
)

// Every write of an outage may or may not have happened; the history is judged
// all the same, and what nobody can have read is found.
func TestHistoriesWithAnOutage(t *testing.T) {
	t.Parallel()
	outage := func() *history {
		h := &history{}
		h.wrote(0, 1, 0, 1, true)
		for n := range 200 {
			h.wrote(0, 1000+n, 2, 0, false)
		}
		return h
	}
	const last = 1000 + 150
	good := outage()
	good.read(0, 1, 3, 4)
	good.read(0, last, 5, 6) // one of them happened
	good.wrote(0, 2, 7, 8, true)
	good.read(0, 2, 9, 10)
	if err := good.judge(time.Minute); err != nil {
		t.Error(err)
	}
	for what, spoil := range map[string]func(*history){
		"an acknowledged write is lost": func(h *history) { h.wrote(0, 2, 7, 8, true); h.read(0, 1, 9, 10) },
		"a value that nobody wrote":     func(h *history) { h.read(0, 77, 9, 10) },
		"what was overwritten is read again": func(h *history) {
			h.read(0, last, 5, 6)
			h.wrote(0, 2, 7, 8, true)
			h.read(0, 2, 9, 10)
			h.read(0, last, 11, 12)
		},
		"read before it was written": func(h *history) { h.wrote(0, 3, 20, 0, false); h.read(0, 3, 9, 10) },
	} {
		bad := outage()
		spoil(bad)
		if bad.judge(time.Minute) == nil {
			t.Errorf("%s: not found", what)
		}
	}
}

func TestUsersLeaveOutWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	h := &history{}
	for range 3 {
		if !h.enter(3) {
			t.Fatal("three may be under way")
		}
	}
	if h.enter(3) {
		t.Error("a fourth began")
	}
	h.leave()
	if !h.enter(3) || !h.enter(0) {
		t.Error("a place was not given back, or no bound is a bound")
	}
}
