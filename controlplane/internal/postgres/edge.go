package postgres

import (
	"encoding/json"
	"fmt"

	"github.com/coditect/platform/shared/directory"
)

// edgeJSON is how an edge policy is stored: null if there is none.
func edgeJSON(p *directory.EdgePolicy) ([]byte, error) {
	if p == nil {
		return nil, nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("edge policy: %w", err)
	}
	return raw, nil
}

// readEdge reads what edgeJSON made.
func readEdge(raw []byte) (*directory.EdgePolicy, error) {
	if raw == nil {
		return nil, nil
	}
	p := &directory.EdgePolicy{}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("edge policy: %w", err)
	}
	return p, nil
}

// edgeDetail is what the audit log keeps of a policy: its shape. A header's
// value may be a secret between the tenant and its callers.
func edgeDetail(p *directory.EdgePolicy) map[string]any {
	detail := map[string]any{"limits": p.Limits, "request_headers": headerNames(p.RequestHeaders), "response_headers": headerNames(p.ResponseHeaders)}
	if p.Access != directory.FullAccess {
		detail["access"] = p.Access
	}
	if p.CORS != nil {
		detail["allowed_origins"] = p.CORS.AllowedOrigins
	}
	return detail
}

func headerNames(h *directory.HeaderRules) map[string][]string {
	names := map[string][]string{}
	if h == nil {
		return names
	}
	if len(h.Remove) > 0 {
		names["remove"] = h.Remove
	}
	for _, rule := range h.Set {
		names["set"] = append(names["set"], rule.Name)
	}
	return names
}
