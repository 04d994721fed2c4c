package throttle_test

import (
	"testing"
	"time"

	"github.com/coditect/platform/controlplane/internal/throttle"
)

func TestKeysHaveTurnsOfTheirOwn(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	k, err := throttle.NewKeyed[string](throttle.Rate{PerMinute: 6, Burst: 2}, 2, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	want := func(key string, wait time.Duration) {
		t.Helper()
		if got := k.Admit(key); got != wait {
			t.Errorf("%s waits %s, want %s", key, got, wait)
		}
	}
	want("a", 0)
	want("a", 0)
	want("a", 10*time.Second)
	want("b", 0)
	now = now.Add(10 * time.Second)
	want("a", 0)
	want("a", 10*time.Second)
	want("b", 0)
	want("c", 0) // a is forgotten: two are remembered
	want("a", 0)
	if _, err := throttle.NewKeyed[string](throttle.Rate{}, 2, time.Now); err == nil {
		t.Error("no rate is taken for one")
	}
}
