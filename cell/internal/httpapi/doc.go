// Package httpapi serves the tenant-facing API of ../../api/openapi.yaml.
//
// The chain around a handler, outermost first:
//
//	shared/web (id, log, metrics, body limit) → door (signature) → deadline → caller (tenant, key or token) →
//	usage → memory (cacheable answers) → validator → mux → once (Idempotency-Key) → permission → handler
package httpapi
