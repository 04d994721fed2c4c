// Package api is the cell's tenant-facing HTTP API: openapi.yaml, and what is
// generated from it: the server's interface and routes, and a client.
//
// schema.graphql is the schema of its GraphQL endpoint; package graph answers it.
//
// The document is the only place where a route, a rule about a field or the
// permission that an operation needs (x-permission) is written down.
package api

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.0 -config codegen.yaml openapi.yaml

// Spec is openapi.yaml.
//
//go:embed openapi.yaml
var Spec []byte

// GraphSchema is schema.graphql.
//
//go:embed schema.graphql
var GraphSchema string
