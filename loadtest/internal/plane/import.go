package plane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Imported is what became of a tenant.
type Imported struct {
	Line   int64  `json:"line"`
	Status string `json:"status"` // created, exists, failed, done
	ID     string `json:"tenant_id"`
	Slug   string `json:"slug"`
	Cell   string `json:"cell"`
	Key    string `json:"api_key"` // with created only: it is stored nowhere
	Error  *struct {
		Detail     string `json:"detail"`
		Violations []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"violations"`
	} `json:"error"`
}

// Why says why the tenant could not be made; empty: nothing failed.
func (i *Imported) Why() string {
	if i.Error == nil {
		return ""
	}
	text := i.Error.Detail
	for _, v := range i.Error.Violations {
		text += fmt.Sprintf("; %s: %s", v.Field, v.Message)
	}
	return text
}

// errCutOff says that not every line has an answer.
var errCutOff = errors.New("control plane: the import's answer was cut off; seed again, and it goes on")

// Import creates tenants from a stream of JSON lines and calls each for every
// result, as they come. provision is "cells" or "directory".
func (p *Plane) Import(ctx context.Context, provision string, lines io.Reader, each func(*Imported) error) error {
	response, err := p.send(ctx, http.MethodPost, "/v1/tenants/import?provision="+provision, "application/x-ndjson", lines)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answers := json.NewDecoder(response.Body)
	for {
		var one Imported
		if err := answers.Decode(&one); err != nil {
			return fmt.Errorf("%w (%w)", errCutOff, err)
		}
		if one.Status == "done" {
			return nil
		}
		if err := each(&one); err != nil {
			return err
		}
	}
}
