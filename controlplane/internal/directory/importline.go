package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// MaxImportLine is the longest line of an import, in bytes.
const MaxImportLine = 16 << 10

// ImportLine is one tenant to import, as parsed and checked.
type ImportLine struct {
	TenantID     tenancy.ID // zero: a new one
	Slug         tenancy.Slug
	Organization string
	Owner        controlplane.Owner // zero: the organization has none yet
	Region       string
	Plan         string
	Cell         string
}

// importJSON is a line as it is written.
type importJSON struct {
	TenantID     tenancy.ID `json:"tenant_id"`
	Slug         string     `json:"slug"`
	Organization string     `json:"organization"`
	Owner        *struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	} `json:"owner"`
	Region string `json:"region"`
	Plan   string `json:"plan"`
	Cell   string `json:"cell"`
}

// ParseImportLine reads one line. The fault says what is wrong with it.
func ParseImportLine(raw []byte) (ImportLine, error) {
	var in importJSON
	if !utf8.Valid(raw) {
		return ImportLine{}, fault.New(fault.Malformed, "the line is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return ImportLine{}, lineFault(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return ImportLine{}, fault.New(fault.Malformed, "the line holds more than one JSON value")
	}
	line := ImportLine{TenantID: in.TenantID, Organization: in.Organization, Region: in.Region, Plan: in.Plan, Cell: in.Cell}
	if in.Owner != nil {
		line.Owner = controlplane.Owner{Name: in.Owner.Name, Email: in.Owner.Email}
	}
	if line.Plan == "" {
		line.Plan = controlplane.DefaultPlan
	}
	return line, line.check(in)
}

func (l *ImportLine) check(in importJSON) error {
	f := fault.New(fault.Invalid, "the line breaks rules of the API")
	var err error
	if l.Slug, err = tenancy.ParseSlug(in.Slug); err != nil {
		f = f.At("/slug", "%v", err)
	}
	request := controlplane.SignupRequest{Organization: in.Organization, Owner: l.Owner}
	if in.Owner == nil {
		request.Owner = controlplane.Owner{Name: "none", Email: "none@example.org"} // only the name is checked
	}
	var broken *fault.Error
	if errors.As(request.Check(), &broken) {
		f.Violations = append(f.Violations, broken.Violations...)
	}
	for _, name := range []struct{ field, value string }{{"/region", l.Region}, {"/plan", l.Plan}, {"/cell", l.Cell}} {
		if name.value != "" && !validName(name.value) {
			f = f.At(name.field, "use 2 to 40 of a-z, 0-9 and hyphens")
		}
	}
	if len(f.Violations) > 0 {
		return f
	}
	return nil
}

func lineFault(err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType):
		return fault.Wrap(err, fault.Invalid, "the line breaks rules of the API").At("/"+wrongType.Field, "has the wrong type")
	case errors.Is(err, tenancy.ErrInvalidID):
		return fault.Wrap(err, fault.Invalid, "the line breaks rules of the API").At("/tenant_id", "is not a UUID")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return fault.Wrap(err, fault.Invalid, "the line has a field that the API does not know")
	}
	return fault.Wrap(err, fault.Malformed, "the line is not a well-formed JSON object")
}

// validName mirrors the pattern of regions, plans and cells in openapi.yaml.
func validName(s string) bool {
	if len(s) < 2 || len(s) > 40 || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
