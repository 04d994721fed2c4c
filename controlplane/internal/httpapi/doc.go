// Package httpapi is the control plane's HTTP API: it puts the routes of
// api/openapi.yaml in front of the use-cases.
//
// The chain around a request, outermost first, and why in this order:
//
//	shared/web   request id, recovery, access log, metrics, body limit
//	limit        how often sign-ups may be asked for, which anybody can do
//	guard        who calls, and may they: before anything is said about the request
//	validator    the document's rules; not for lookups, which check by hand
//	mux          route and handler
//
// The document says for each operation who may call it (x-access). An operation
// without that, or a document that cannot be read, keeps the process from
// starting: nothing is open by accident.
package httpapi
