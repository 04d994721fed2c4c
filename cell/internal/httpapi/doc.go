// Package httpapi serves the tenant-facing API of ../../api/openapi.yaml.
//
// The chain around a handler, outermost first:
//
//	shared/web (id, log, metrics, body limit) → door (signature) → caller (tenant, key) → validator → mux → permission → handler
package httpapi
