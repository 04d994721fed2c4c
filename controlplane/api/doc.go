// Package api is the control plane's HTTP API: openapi.yaml, and what is
// generated from it: the server's interface and routes, and a client.
//
// The document is the only place where a route, a rule about a field or the
// role that an operation needs is written down.
package api

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.0 -config codegen.yaml openapi.yaml
