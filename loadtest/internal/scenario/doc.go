// Package scenario reads what a load test shall do from a YAML file, and refuses
// what cannot be done before the first request, with file, line and field.
//
//	name: read-mostly
//	seed: 42                                  # the same seed: the same tenants, steps and times
//	target: {url: http://127.0.0.1:8080, domain: localhost, controlplane: http://127.0.0.1:8090}
//	tenants: {file: tenants.ndjson, choose: zipf, exponent: 1.1}
//	load: {model: open, arrivals: poisson, connections: 64, timeout: 10s}
//	phases:
//	  - {name: ramp, for: 10s, from: 50, to: 500, warmup: true}
//	  - {name: soak, for: 60s, rate: 500}
//	  - {name: storm, for: 20s, rate: 500, storm: {tenant: 0, rate: 1000}}
//	  - {name: move, for: 20s, rate: 500, migrate: {tenant: 1, to: cell-b}}
//	mix:
//	  - {step: read, weight: 8}
//	  - {step: write, weight: 2}
//	thresholds: ["p99 < 100ms", "errors < 0.1%", "phase soak rate >= 495"]
//
// In an open load requests begin at their time, whether or not earlier ones were
// answered: rate is requests a second. In a closed load each of users sends its next
// request when it has its answer and has thought for think.
//
// A storm is one tenant's own stream beside everybody's: it is recorded as the
// step "storm" and is in no total, since what it does to the others is the
// question. Tenants are named by rank: 0 is the one that the choice prefers most.
package scenario
