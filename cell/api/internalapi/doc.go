// Package internalapi is the cell's API for the control plane: internal.yaml,
// and what is generated from it. It has a listener of its own.
package internalapi

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.0 -config codegen.yaml internal.yaml

// Spec is internal.yaml.
//
//go:embed internal.yaml
var Spec []byte
