package throttle_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/coditect/platform/controlplane/internal/throttle"
)

// clocked is a throttle and its time.
type clocked struct {
	*throttle.Throttle
	now time.Time
}

func start(t interface{ Fatal(...any) }, client, total throttle.Rate) *clocked {
	c := &clocked{now: time.Unix(1_000_000, 0)}
	var err error
	if c.Throttle, err = throttle.New(client, total, func() time.Time { return c.now }); err != nil {
		t.Fatal(err)
	}
	return c
}

var (
	ann = netip.MustParseAddr("203.0.113.1")
	bob = netip.MustParseAddr("203.0.113.2")
)

func TestABurstThenOneAStep(t *testing.T) {
	t.Parallel()
	c := start(t, throttle.Rate{PerMinute: 6, Burst: 3}, throttle.Rate{})
	for i := range 3 {
		if wait := c.Admit(ann); wait != 0 {
			t.Fatalf("request %d waits %s", i, wait)
		}
	}
	if wait := c.Admit(ann); wait != 10*time.Second {
		t.Errorf("the fourth waits %s", wait)
	}
	if wait := c.Admit(bob); wait != 0 {
		t.Errorf("another client waits %s", wait)
	}
	c.now = c.now.Add(9 * time.Second)
	if wait := c.Admit(ann); wait != time.Second {
		t.Errorf("too early by %s", wait)
	}
	c.now = c.now.Add(time.Second)
	if first, second := c.Admit(ann), c.Admit(ann); first != 0 || second != 10*time.Second {
		t.Errorf("%s, %s", first, second)
	}
	c.now = c.now.Add(time.Hour)
	for range 3 {
		if wait := c.Admit(ann); wait != 0 {
			t.Errorf("after an hour: %s", wait)
		}
	}
	if c.Admit(ann) == 0 {
		t.Error("an hour's pause made the burst longer")
	}
}

func TestTheTotalBoundsManyClients(t *testing.T) {
	t.Parallel()
	c := start(t, throttle.Rate{PerMinute: 60, Burst: 1}, throttle.Rate{PerMinute: 60, Burst: 2})
	if c.Admit(ann) != 0 || c.Admit(bob) != 0 {
		t.Fatal("the first two are refused")
	}
	carol := netip.MustParseAddr("203.0.113.3")
	if wait := c.Admit(carol); wait != time.Second {
		t.Errorf("the third waits %s", wait)
	}
	c.now = c.now.Add(time.Second)
	if wait := c.Admit(carol); wait != 0 {
		t.Errorf("the refusal cost the client its own turn: %s", wait)
	}
	c = start(t, throttle.Rate{PerMinute: 1, Burst: 1}, throttle.Rate{PerMinute: 60, Burst: 2})
	if c.Admit(ann) != 0 || c.Admit(ann) == 0 || c.Admit(bob) != 0 {
		t.Error("a client's refusal cost the others a turn")
	}
}

func TestWhoIsOneClient(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		a, b string
		same bool
	}{
		{"203.0.113.1", "::ffff:203.0.113.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"203.0.113.1", "203.0.113.2", false},
	} {
		c := start(t, throttle.Rate{PerMinute: 1, Burst: 1}, throttle.Rate{})
		first, second := c.Admit(netip.MustParseAddr(x.a)), c.Admit(netip.MustParseAddr(x.b))
		if first != 0 || (second > 0) != x.same {
			t.Errorf("%s, %s: %s, %s", x.a, x.b, first, second)
		}
	}
	c := start(t, throttle.Rate{PerMinute: 1, Burst: 1}, throttle.Rate{PerMinute: 60, Burst: 5})
	for _, local := range []string{"127.0.0.1", "::1", "127.0.0.1", "::ffff:127.0.0.1", "::1"} {
		if wait := c.Admit(netip.MustParseAddr(local)); wait != 0 {
			t.Errorf("%s waits %s", local, wait)
		}
	}
	if c.Admit(netip.MustParseAddr("127.0.0.1")) == 0 {
		t.Error("this machine's own requests do not count in the total")
	}
	if c = start(t, throttle.Rate{PerMinute: 1, Burst: 1}, throttle.Rate{}); c.Admit(netip.Addr{}) != 0 || c.Admit(netip.Addr{}) == 0 {
		t.Error("who has no address is not limited")
	}
}

func TestNoMoreIsAdmittedThanTheRate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		rate := throttle.Rate{PerMinute: rapid.IntRange(1, 600).Draw(r, "rate"), Burst: rapid.IntRange(1, 20).Draw(r, "burst")}
		c := start(r, rate, throttle.Rate{})
		begin, admitted := c.now, 0
		for _, pause := range rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 200).Draw(r, "pauses") {
			c.now = c.now.Add(time.Duration(pause) * time.Millisecond)
			wait := c.Admit(ann)
			if wait == 0 {
				admitted++
				continue
			}
			before := c.now
			if c.now = before.Add(wait - 1); c.Admit(ann) == 0 {
				r.Fatalf("admitted before the time it was told, %s", wait)
			}
			if c.now = before.Add(wait); c.Admit(ann) != 0 {
				r.Fatalf("refused at the time it was told, %s", wait)
			}
			admitted++
		}
		if most := rate.Burst + int(c.now.Sub(begin)/(time.Minute/time.Duration(rate.PerMinute))); admitted > most {
			r.Fatalf("%d admitted, at most %d may be", admitted, most)
		}
	})
}

// However many addresses somebody has, memory stays bounded.
func TestOldClientsAreForgotten(t *testing.T) {
	t.Parallel()
	c := start(t, throttle.Rate{PerMinute: 1, Burst: 1}, throttle.Rate{})
	c.Admit(ann)
	for i := range uint32(10_000) {
		var raw [4]byte
		binary.BigEndian.PutUint32(raw[:], 10<<24+i)
		if c.Admit(netip.AddrFrom4(raw)) != 0 {
			t.Fatal("a new client is refused")
		}
	}
	if c.Admit(ann) != 0 {
		t.Error("the oldest client is remembered")
	}
}

func TestUnlimited(t *testing.T) {
	t.Parallel()
	c := start(t, throttle.Rate{}, throttle.Rate{})
	for range 1000 {
		if c.Admit(ann) != 0 {
			t.Fatal("refused")
		}
	}
	for _, bad := range []throttle.Rate{{PerMinute: -1}, {PerMinute: 1}} {
		if _, err := throttle.New(bad, throttle.Rate{}, time.Now); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}
