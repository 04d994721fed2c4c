package httpapi

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/coditect/platform/controlplane"
)

// access says who may call an operation.
type access struct {
	Public   bool                `json:"public"`
	Role     controlplane.Role   `json:"role"`     // the lowest of the people's roles; "" for none
	Also     []controlplane.Role `json:"also"`     // people's roles beside that ladder
	Services []controlplane.Role `json:"services"` // service roles
}

// allows reports whether a key may call the operation; for names the cell in
// the request's path, if any.
func (a access) allows(key controlplane.Key, cell string) bool {
	if a.Role != "" && key.Role.AtLeast(a.Role) || slices.Contains(a.Also, key.Role) {
		return true
	}
	if !slices.Contains(a.Services, key.Role) {
		return false
	}
	return key.Role != controlplane.RoleCell || cell == "" || key.Cell == cell
}

// accessTable reads x-access of every operation of the document, by method and
// path template.
func accessTable(spec []byte) (map[string]access, error) {
	doc, err := openapi3.NewLoader().LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI document: %w", err)
	}
	table := map[string]access{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			a, err := readAccess(op.Extensions["x-access"])
			if err != nil {
				return nil, fmt.Errorf("OpenAPI document: %s: x-access: %w", op.OperationID, err)
			}
			table[method+" "+path] = a
		}
	}
	return table, nil
}

func readAccess(extension any) (access, error) {
	var a access
	raw, err := json.Marshal(extension)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, err
	}
	for _, role := range a.Services {
		if role != controlplane.RoleCell && role != controlplane.RoleRouter {
			return a, fmt.Errorf("%q is not a service role", role)
		}
	}
	for _, role := range a.Also {
		if role != controlplane.RoleBilling {
			return a, fmt.Errorf("%q does not stand beside the ladder", role)
		}
	}
	switch {
	case a.Role == controlplane.RoleBilling:
		return a, fmt.Errorf("%q is no rung of the ladder: say also", a.Role)
	case a.Role != "" && !a.Role.AtLeast(controlplane.RoleViewer):
		return a, fmt.Errorf("%q is not a person's role", a.Role)
	case a.Public == (a.Role != "" || len(a.Services) > 0):
		return a, fmt.Errorf("say either public or who")
	}
	return a, nil
}
