package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// target is a tenant that the load may call for, with one project.
type target struct {
	Tenant    tenancy.ID `json:"tenant"`
	Epoch     uint64     `json:"epoch"`
	KeyHash   []byte     `json:"key_hash"`
	Workspace uuid.UUID  `json:"workspace"`
	Project   uuid.UUID  `json:"project"`
}

func readTargets(in io.Reader) ([]target, error) {
	var all []target
	for lines := json.NewDecoder(in); ; {
		var t target
		switch err := lines.Decode(&t); {
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("targets on standard input: %w", err)
		}
		all = append(all, t)
	}
}
