package record_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
)

var shape = record.Shape{
	Phases: []string{"warm", "soak"}, WarmUp: []bool{true, false}, Steps: []string{"read", "write", "storm"}, Storm: 2, Interval: time.Second, Watched: 3,
}

func sample(rng *rand.Rand) *record.Sample {
	at := time.Duration(rng.Int64N(int64(10 * time.Second)))
	took := time.Duration(rng.ExpFloat64() * float64(20*time.Millisecond))
	ok := rng.IntN(10) > 0
	code := "200"
	if !ok {
		code = "503"
	}
	return &record.Sample{
		Phase: rng.IntN(2), Step: rng.IntN(3), Rank: rng.IntN(5), Code: code, OK: ok,
		Intended: at, Ready: at - time.Millisecond, Sent: at + 100*time.Microsecond, Done: at + took + 200*time.Microsecond,
	}
}

// What three processes recorded and sent over a pipe adds up to what one would
// have recorded, bucket by bucket.
func TestMergingIsExact(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	one, many := record.NewRecorder(shape), []*record.Recorder{record.NewRecorder(shape), record.NewRecorder(shape), record.NewRecorder(shape)}
	for i := range 20_000 {
		s := sample(rng)
		one.Record(s)
		many[i%3].Record(s)
	}
	sum := record.NewRecording(shape)
	for _, r := range many {
		text, err := json.Marshal(r.Recording())
		if err != nil {
			t.Fatal(err)
		}
		part := &record.Recording{}
		if err := json.Unmarshal(text, part); err != nil {
			t.Fatal(err)
		}
		if err := sum.Add(part); err != nil {
			t.Fatal(err)
		}
	}
	want := one.Recording()
	for phase := range 2 {
		for step := range 3 {
			only := func(p, s int) bool { return p == phase && s == step }
			got, want := sum.Total(only), want.Total(only)
			if got.Errors != want.Errors || !reflect.DeepEqual(got.Response.Buckets(), want.Response.Buckets()) || !reflect.DeepEqual(got.Service.Buckets(), want.Service.Buckets()) {
				t.Errorf("phase %d, step %d differ", phase, step)
			}
		}
	}
	for i := range want.Windows {
		if w, g := want.Windows[i], sum.Windows[i]; w.Done != g.Done || w.Errors != g.Errors || !reflect.DeepEqual(w.Response.Buckets(), g.Response.Buckets()) {
			t.Errorf("window %d differs", i)
		}
	}
	for i := range want.Tenants {
		if w, g := want.Tenants[i], sum.Tenants[i]; w.Rank != g.Rank || w.Errors != g.Errors || !reflect.DeepEqual(w.Response.Buckets(), g.Response.Buckets()) {
			t.Errorf("tenant %d differs", i)
		}
	}
	if !reflect.DeepEqual(sum.Codes, want.Codes) || !reflect.DeepEqual(sum.Lag.Buckets(), want.Lag.Buckets()) {
		t.Error("codes or lag differ")
	}
	if got := len(want.Tenants); got != 3 {
		t.Errorf("%d tenants are recorded apart, want 3", got)
	}
}

func TestRecordingsOfDifferentRunsAreNotAdded(t *testing.T) {
	t.Parallel()
	other := shape
	other.Steps = []string{"read"}
	if record.NewRecording(shape).Add(record.NewRecording(other)) == nil {
		t.Error("added")
	}
}

// A connection that was busy is not the generator's fault; a free one is.
func TestLag(t *testing.T) {
	t.Parallel()
	r := record.NewRecorder(shape)
	r.Record(&record.Sample{Phase: 1, OK: true, Code: "200", Intended: time.Second, Ready: 3 * time.Second, Sent: 3*time.Second + 50*time.Microsecond, Done: 4 * time.Second})
	got := r.Recording()
	if lag := got.Lag.Max(); lag != 50*time.Microsecond {
		t.Errorf("lag %s", lag)
	}
	if whole := got.Whole(); whole.Response.Max().Round(10*time.Millisecond) != 3*time.Second || whole.Service.Max().Round(10*time.Millisecond) != time.Second {
		t.Errorf("response %s, service %s", whole.Response.Max(), whole.Service.Max())
	}
	r.Record(&record.Sample{Phase: 1, OK: true, Code: "200", Intended: time.Second, Sent: 2 * time.Second, Done: 2 * time.Second})
	if lag := r.Recording().Lag.Max(); lag.Round(10*time.Millisecond) != time.Second {
		t.Errorf("lag %s", lag)
	}
}
