package limiter_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/limiter"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// The simulation's ledger and the script in Redis are the same function.
func TestScriptIsTheSimulatedLedger(t *testing.T) {
	t.Parallel()
	const every = 10 * time.Second // so slow that the test's own time does not matter
	client, model, rng := connect(t, testkit.Redis(t)), newLedger(every), rand.New(rand.NewPCG(1, 2))
	tenant, began := tenancy.NewID(), time.Now()
	for range 60 {
		var reports []limiter.Report
		for class := range rng.IntN(4) {
			reports = append(reports, limiter.NewReport(limiter.Key{Tenant: tenant, Class: uint8(50 * class)}, 0.01+rng.Float64(),
				float64(rng.IntN(20)), rng.Float64()*20, rng.Float64()*200, rng.Float64()*200, rng.IntN(4) == 0))
		}
		replies, _, err := limiter.Hand(testkit.Context(t), client, "a", every, reports)
		if err != nil {
			t.Fatal(err)
		}
		for i, report := range reports {
			want := model.take(report, time.Since(began))
			gotUsed, gotAttempts := replies[i].Standing()
			wantUsed, wantAttempts := want.Standing()
			if math.Abs(gotUsed-wantUsed) > 1 || math.Abs(gotAttempts-wantAttempts) > 1+wantAttempts/50 {
				t.Fatalf("%+v: Redis says %.3f %.3f, the model %.3f %.3f", report, gotUsed, gotAttempts, wantUsed, wantAttempts)
			}
		}
	}
}

func TestRoutersAreCounted(t *testing.T) {
	t.Parallel()
	client := connect(t, testkit.Redis(t))
	const every = 20 * time.Millisecond
	announce := func(instance string) int {
		_, n, err := limiter.Hand(testkit.Context(t), client, instance, every, nil)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for want, instance := range []string{"a", "b", "c"} {
		if got := announce(instance); got != want+1 {
			t.Errorf("%d routers, want %d", got, want+1)
		}
	}
	testkit.Eventually(t, "silent routers are gone", func() bool { return announce("a") == 1 })
}

// A Redis that takes connections and never answers.
func TestRedisThatHangsDelaysNobody(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	l := newAlone(t, limiter.Options{
		Redis: connect(t, "redis://"+listener.Addr().String()), Now: time.Now, SyncInterval: 10 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(testkit.Context(t))
	ended := make(chan error)
	go func() { ended <- l.Run(ctx) }()
	limit, admitted, began := &directory.Limit{PerSecond: 200, Burst: 20}, 0, time.Now()
	testkit.Eventually(t, "the limiter notices, and counts alone for a while", func() bool {
		admitted += admit(l, limit, time.Now(), 30)
		return l.Lost(time.Now()) && time.Since(began) > time.Second
	})
	want := 20 + 200*time.Since(began).Seconds()
	if float64(admitted) > want+1 || float64(admitted) < want*0.7 {
		t.Errorf("%d admitted, want about %.0f", admitted, want)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
