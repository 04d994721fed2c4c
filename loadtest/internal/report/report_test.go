package report_test

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/report"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

const text = `name: "<script>alert(1)</script>"
target: {url: http://127.0.0.1:1}
phases: [{name: warm, for: 5s, rate: 100, warmup: true}, {name: soak, for: 20s, rate: 100, storm: {tenant: 0, rate: 10}}]
tenants: {slugs: "t-%d", count: 10}
mix: [{step: http, name: front, path: /, weight: 1}]
thresholds: ["p99 < 10s", "errors < 1%", "phase soak rate > 50", "step storm errors <= 100%", "tenants.p99 < 1h"]
`

// made is a report of 2,500 requests, of which 100 failed, all in the soak.
func made(t *testing.T) *report.Document {
	t.Helper()
	s, err := scenario.Parse("x.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := record.NewRecorder(record.Shape{Phases: []string{"warm", "soak"}, WarmUp: []bool{true, false}, Steps: s.Steps(), Storm: 1, Interval: time.Second, Watched: 5})
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 2500 {
		at := time.Duration(i) * 10 * time.Millisecond
		sample := &record.Sample{Phase: 1, Rank: i % 10, Code: "200", OK: i < 1000 || i >= 1100, Intended: at, Ready: at, Sent: at + time.Millisecond, Done: at + time.Duration(1+rng.ExpFloat64()*10)*time.Millisecond}
		if at < 5*time.Second {
			sample.Phase = 0
		}
		if !sample.OK {
			sample.Code = "503"
		}
		r.Record(sample)
	}
	for i := range 200 {
		at := 5*time.Second + time.Duration(i)*100*time.Millisecond
		r.Record(&record.Sample{Phase: 1, Step: 1, Code: "429", Intended: at, Sent: at, Done: at + time.Hour})
	}
	return report.Build(report.Run{Scenario: s, Text: text, Processes: 1, Began: time.Now(), Took: 25 * time.Second, Recording: r.Recording()})
}

// Neither the warm-up nor the storm is in the totals; thresholds may ask for both.
func TestBuild(t *testing.T) {
	t.Parallel()
	d := made(t)
	if d.Summary.Requests != 2000 || d.Summary.Errors != 100 || d.Summary.PerSecond != 95 || d.Summary.Response.Max > 1000 {
		t.Errorf("%+v", d.Summary)
	}
	var met []bool
	for _, v := range d.Verdicts {
		met = append(met, v.OK)
	}
	if want := []bool{true, false, true, true, true}; len(met) != len(want) || met[1] || !met[0] || !met[2] || !met[3] || !met[4] || d.Passed() {
		t.Errorf("%v: %+v", met, d.Verdicts)
	}
}

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	d, path := made(t), t.TempDir()+"/r.json"
	if err := d.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := report.Read(path)
	if err != nil || again.Summary != d.Summary || again.Recording.Whole().Response.At(99) != d.Recording.Whole().Response.At(99) {
		t.Errorf("%+v, %v", again, err)
	}
}

// The page needs nobody: it names no other address, and what a scenario says is
// shown and not done.
func TestPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	if err := made(t).Page(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if found := regexp.MustCompile(`(?i)(<script|<link|<img|@import|url\(|src=)`).FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
	for _, want := range []string{"&lt;script&gt;", "prefers-color-scheme: dark", "Latency by percentile", "Fairness", "503", "missed", "Throughput", "in no total"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(page, `role="img"`); n != 5 {
		t.Errorf("%d plots, want 5", n)
	}
}
