package local_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// watchersWatch checks that Prometheus has every rule and every program, and
// that what fires ends as a mail.
func watchersWatch(ctx context.Context, t *testing.T, p *local.Platform) {
	t.Helper()
	at := p.State().Endpoints
	var rules struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, LastError string }
			}
		}
	}
	get(ctx, t, at.PrometheusURL+"/api/v1/rules", &rules)
	n := 0
	for _, g := range rules.Data.Groups {
		for _, r := range g.Rules {
			n++
			if r.LastError != "" {
				t.Errorf("%s: %s", r.Name, r.LastError)
			}
		}
	}
	if n < 50 {
		t.Errorf("Prometheus has %d rules", n)
	}
	var targets struct {
		Data struct {
			ActiveTargets []struct{ Labels map[string]string }
		}
	}
	get(ctx, t, at.PrometheusURL+"/api/v1/targets", &targets)
	jobs := map[string]int{}
	for _, target := range targets.Data.ActiveTargets {
		job := target.Labels["job"]
		jobs[job]++
		if job == "router" && target.Labels["region"] == "" || strings.HasPrefix(job, "cell") && target.Labels["cell"] == "" {
			t.Errorf("a target has the labels %v", target.Labels)
		}
	}
	if fmt.Sprint(jobs) != "map[cell-api:2 cell-worker:2 controlplane:1 hydra:1 router:2]" {
		t.Errorf("Prometheus asks %v", jobs)
	}
	alert(ctx, t, p)
}

// alert tells Alertmanager of an alert, as Prometheus does.
func alert(ctx context.Context, t *testing.T, p *local.Platform) {
	t.Helper()
	at := p.State().Endpoints
	body := `[{"labels": {"alertname": "TestAlert", "cell": "cell-a", "severity": "critical"}, "annotations": {"summary": "only a test"}}]`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at.AlertmanagerURL+"/api/v2/alerts", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(response.Body)
		t.Fatalf("Alertmanager: %s %s", response.Status, text)
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		var mails json.RawMessage
		get(ctx, t, at.MailURL+"/api/messages", &mails)
		if strings.Contains(string(mails), "TestAlert") && strings.Contains(string(mails), "oncall@localhost") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no mail came; there are: %s", mails)
		case <-tick.C:
		}
	}
}

func get(ctx context.Context, t *testing.T, url string, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %v", url, response.Status, err)
	}
}
