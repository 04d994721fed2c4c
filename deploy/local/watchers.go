package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coditect/platform/shared/servers"
)

// What watches the platform: Prometheus, which asks every program for its metrics and judges them by the rules of deploy/alerts, Alertmanager, which
// mails what fires to the mail sink, and Jaeger, which keeps traces. They are
// parts like others, but nothing needs them.

const (
	scrapeEach    = "5s"
	evaluateEach  = "15s"
	keepMetrics   = "7d"
	onCall        = "oncall@localhost"
	tracedPart    = "0.1"  // of the requests; a client that asks for a trace gets it
	keepTraces    = "2000" // in Jaeger's memory, the newest: some 200 MB, at 20 spans each
	sampleLimit   = 20_000
	groupWait     = "5s"
	groupInterval = "1m"
	repeatAfter   = "4h"
)

// watchers lists them; there are none unless the platform is watched.
func (l layout) watchers() []part {
	if !l.watched {
		return nil
	}
	all := []part{
		{name: "alertmanager", needs: []string{"mail"}, prepare: l.prepareAlertmanager, spec: l.alertmanager()},
		{name: "prometheus", needs: []string{"alertmanager"}, prepare: l.preparePrometheus, spec: l.prometheus()},
	}
	if l.jaeger != "" {
		all = append(all, part{name: "jaeger", spec: l.jaegerSpec()})
	}
	return all
}

// traceFlags have a program send its traces, if there is somebody to take them.
func (l layout) traceFlags() []string {
	switch {
	case l.traces != "":
		return []string{"--trace-endpoint", l.traces, "--trace-ratio", "1"}
	case l.watched && l.traced:
		return []string{"--trace-endpoint", l.ports.url("jaeger-otlp"), "--trace-ratio", tracedPart}
	default:
		return nil
	}
}

func (l layout) server(name, path, readyURL string, args ...string) servers.Spec {
	return servers.Spec{
		Name: name, Path: path, Args: args, Env: programEnv(), Dir: l.data(name), Log: l.log(name),
		Ready: func(ctx context.Context) error { return ready(ctx, readyURL) }, StopWithin: 20 * time.Second,
	}
}

func (l layout) prometheus() servers.Spec {
	return l.server("prometheus", "/usr/bin/prometheus", l.ports.url("prometheus")+"/-/ready",
		"--config.file", l.config("prometheus"),
		"--storage.tsdb.path", filepath.Join(l.data("prometheus"), "series"),
		"--storage.tsdb.retention.time", keepMetrics,
		"--web.listen-address", l.ports.address("prometheus"),
		"--enable-feature", "exemplar-storage",
		"--log.level", "warn",
	)
}

func (l layout) alertmanager() servers.Spec {
	return l.server("alertmanager", "/usr/bin/prometheus-alertmanager", l.ports.url("alertmanager")+"/-/ready",
		"--config.file", l.config("alertmanager"),
		"--storage.path", filepath.Join(l.data("alertmanager"), "state"),
		"--web.listen-address", l.ports.address("alertmanager"),
		"--web.external-url", l.ports.url("alertmanager"),
		"--cluster.listen-address=", // it is alone
		"--log.level", "warn",
	)
}

// jaegerSpec is Jaeger with everything in one process and traces in memory.
func (l layout) jaegerSpec() servers.Spec {
	return l.server("jaeger", l.jaeger, l.ports.url("jaeger-admin"),
		"--memory.max-traces", keepTraces,
		"--query.http-server.host-port", l.ports.address("jaeger"),
		"--query.grpc-server.host-port", l.ports.address("jaeger-grpc"),
		"--admin.http.host-port", l.ports.address("jaeger-admin"),
		"--collector.otlp.enabled",
		"--collector.otlp.http.host-port", l.ports.address("jaeger-otlp"),
		"--collector.otlp.grpc.host-port", l.ports.address("jaeger-otlp-grpc"),
		"--collector.http-server.host-port", l.ports.address("jaeger-collector"),
		"--collector.grpc-server.host-port", l.ports.address("jaeger-collector-grpc"),
		"--log-level", "warn",
	)
}

func (l layout) config(name string) string { return filepath.Join(l.data(name), name+".yaml") }

func (l layout) preparePrometheus(context.Context) error {
	return writeConfig(l.config("prometheus"), map[string]any{
		"global":         map[string]any{"scrape_interval": scrapeEach, "evaluation_interval": evaluateEach},
		"rule_files":     []string{filepath.Join(l.root, "deploy", "alerts", "*.rules.yaml")},
		"scrape_configs": l.scrapes(),
		"alerting": map[string]any{"alertmanagers": []any{
			map[string]any{"static_configs": []target{{Targets: []string{l.ports.address("alertmanager")}}}},
		}},
	})
}

// scrape is one job of Prometheus.
type scrape struct {
	Job     string   `yaml:"job_name"`
	Path    string   `yaml:"metrics_path,omitempty"` // not /metrics
	Limit   int      `yaml:"sample_limit"`
	Targets []target `yaml:"static_configs"`
}

type target struct {
	Targets []string          `yaml:"targets"`
	Labels  map[string]string `yaml:"labels,omitempty"`
}

// scrapes are the admin listeners of all programs and of the authorization server,
// with the labels that the rules expect (deploy/alerts).
func (l layout) scrapes() []scrape {
	routers, apis, workers := scrape{Job: "router"}, scrape{Job: "cell-api"}, scrape{Job: "cell-worker"}
	at := func(port string, labels map[string]string) target {
		return target{Targets: []string{l.ports.address(port)}, Labels: labels}
	}
	for _, region := range regions {
		routers.Targets = append(routers.Targets, at(routerName(region)+"-admin", map[string]string{"region": region}))
	}
	for _, s := range sites {
		labels := map[string]string{"cell": s.cell, "region": s.region}
		apis.Targets = append(apis.Targets, at(s.cell+"-admin", labels))
		workers.Targets = append(workers.Targets, at(s.cell+"-worker-admin", labels))
	}
	plane := scrape{Job: "controlplane", Targets: []target{at("controlplane-admin", nil)}}
	hydra := scrape{Job: "hydra", Path: servers.HydraMetrics, Targets: []target{at("hydra-admin", nil)}}
	all := []scrape{routers, plane, hydra, apis, workers}
	for i := range all {
		all[i].Limit = sampleLimit
	}
	return all
}

func (l layout) prepareAlertmanager(context.Context) error {
	return writeConfig(l.config("alertmanager"), map[string]any{
		"global": map[string]any{
			"smtp_smarthost": l.found().ports.address("mail-smtp"), "smtp_from": "alertmanager@localhost", "smtp_require_tls": false,
		},
		"route": map[string]any{
			"receiver": "oncall", "group_by": []string{"alertname", "cell", "region"},
			"group_wait": groupWait, "group_interval": groupInterval, "repeat_interval": repeatAfter,
		},
		"receivers": []any{map[string]any{
			"name": "oncall", "email_configs": []any{map[string]any{"to": onCall, "send_resolved": true}},
		}},
	})
}

func writeConfig(path string, config any) error {
	raw, err := yaml.Marshal(config)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
