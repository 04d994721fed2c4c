// Package traces follows a request through all programs of a whole platform in
// a real Jaeger, beside a real Prometheus: `make test-traces`. Jaeger takes
// minutes to build, so it is no part of `make test`, where packages test what
// they send against a receiver of their own.
package traces
