// Package telemetry is how a process lets itself be seen: JSON logs, Prometheus
// metrics, and an admin listener of its own that carries health, readiness,
// metrics and profiles, apart from the traffic it serves.
package telemetry
