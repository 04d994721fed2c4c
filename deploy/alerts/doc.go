// Package alerts holds what the platform's operators are woken for: Prometheus
// rule files, what they are made from, and cases that say when each alert fires.
//
// slo.yaml states the service level objectives. From each, [Burn] makes
// recording rules (the ratio of bad events over seven windows) and two alerts,
// after chapter 5 of Google's SRE workbook: BurnsFast (critical: 14.4 times the
// budget's pace over 1h and 5m, or 6 times over 6h and 30m) and BurnsSlowly
// (warning: 3 times over 1d and 2h, or once over 3d and 6h). The short window of
// a pair ends the alert soon after the trouble ended. The part that may be bad is a
// series, too (slo:budget): cellctl's rollouts compare the ratio with it. What is made is checked
// in as slo.rules.yaml; a test fails when it is stale.
//
// The other *.rules.yaml are written by hand: causes that need a hand before
// they show in an objective. Every rule names only metrics that our programs
// register or Hydra does (docs/metrics.md), or Prometheus' own "up".
//
// # When metrics are absent
//
// An alert is silent when its metrics are absent: no traffic, no migration and
// no billing are no trouble. What must never be absent has an alert of its own:
// RouterAbsent, ControlPlaneAbsent, CellApiAbsent, CellRelayAbsent, and
// AuthorizationServerAbsent (where routers verify tokens), and
// TargetDown for what Prometheus knows of and cannot reach. cases.yaml says of
// each alert which of the two it is.
//
// # Labels
//
// Rules expect of the scrape configuration: job (router, controlplane,
// cell-api, cell-worker, hydra), region at routers, cell at cells.
//
// # Files and programs
//
// "go generate ./deploy/alerts" writes slo.rules.yaml; "make test-alerts" runs every
// case through promtool.
package alerts

//go:generate go run ./cmd/alerts generate
