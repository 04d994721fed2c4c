package shed_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/router/internal/shed"
)

// starved is a router whose process gets the processor for a few milliseconds at
// a time and then not for a while, before a cell that is at its ease: each
// request of 24 connections is another tenant's. It returns what became of them.
func starved(t *testing.T, measured bool) (*client, *simulation) {
	t.Helper()
	s := newSimulation(t, 11, 64, exponential(2*time.Millisecond), shed.Options{})
	if !measured {
		s.control = shed.New(shed.Options{Now: s.clock})
	}
	all := &client{}
	ask := func() {
		all.id = s.tenant()
		s.offer(all, s.now)
	}
	all.answered = func() { s.at(s.now+20*time.Microsecond, func() { s.whenAwake(ask) }) }
	for range 24 {
		s.at(0, ask)
	}
	s.run(2 * time.Second)
	s.starve(80 * time.Millisecond)
	s.run(20 * time.Second)
	return all, s
}

// starve takes the processor away, mostly for up to so long and sometimes for
// much longer.
func (s *simulation) starve(most time.Duration) {
	away := time.Duration(s.random.Int64N(int64(most)))
	if s.random.IntN(200) == 0 {
		away = 100*time.Millisecond + time.Duration(s.random.Int64N(int64(400*time.Millisecond)))
	}
	s.away = s.now + away
	s.at(s.away+time.Duration(1+s.random.IntN(4))*time.Millisecond, func() { s.starve(most) })
}

func TestNothingIsShedWhileTheProcessStarves(t *testing.T) {
	t.Parallel()
	all, s := starved(t, true)
	t.Logf("%d of %d refused", all.refused, all.sent)
	if all.refused > 0 {
		t.Errorf("limits %v", s.limits)
	}
}

// The same without measuring it: what the test above protects against.
func TestStarvationIsMistakenForLoad(t *testing.T) {
	t.Parallel()
	all, s := starved(t, false)
	t.Logf("%d of %d refused", all.refused, all.sent)
	if all.refused == 0 {
		t.Errorf("the simulated process does not starve; limits %v", s.limits)
	}
}

// A request that waits while nothing runs gets the place that becomes free
// after that, and gives up in the end if none does.
func TestTimeThatIsLostDoesNotCountAsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := shed.New(shed.Options{Initial: 8, Pulse: shed.NewPulse(nil)}) // never beats: nothing runs
		noisy, start := newTenant(), time.Now()
		tickets := fill(t, c, noisy)
		time.AfterFunc(300*time.Millisecond, func() { tickets[0].Done(shed.OK, time.Now()) })
		if _, err := c.AcquireWait(t.Context(), noisy, shed.Normal, time.Now()); err != nil || time.Since(start) != 300*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		start = time.Now()
		if _, err := c.AcquireWait(t.Context(), noisy, shed.Normal, time.Now()); err == nil || time.Since(start) > 8*50*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// A cell that is slow is found out by a process that is slow, too.
func TestOverloadIsSeenByAStarvedProcess(t *testing.T) {
	t.Parallel()
	s := newSimulation(t, 1, 32, exponential(work), shed.Options{})
	s.starve(5 * time.Millisecond)
	cs := s.crowd(20, 3, 5*time.Second)
	s.run(25 * time.Second)
	if got := goodput(s, cs, 20); got < 0.7 {
		t.Errorf("goodput %.3f of the peak; limits %v", got, s.limits)
	} else {
		t.Logf("goodput %.3f of the peak, limit %d", got, s.control.Stats().Limit)
	}
}
