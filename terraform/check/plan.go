package main

import "strings"

// plan is what one run would do.
type plan struct {
	Resources []resource `json:"resource_changes"`
	Outputs   map[string]struct {
		After any `json:"after"`
	} `json:"output_changes"`
}

// resource is one of a plan's.
type resource struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Type    string `json:"type"`
	Change  struct {
		After   map[string]any `json:"after"`
		Unknown map[string]any `json:"after_unknown"`
	} `json:"change"`
}

// resources counts what the state would hold.
func (p *plan) resources() int {
	n := 0
	for i := range p.Resources {
		if p.Resources[i].Mode == "managed" {
			n++
		}
	}
	return n
}

// of lists the resources of some types.
func (p *plan) of(types ...string) []resource {
	var found []resource
	for _, r := range p.Resources {
		for _, t := range types {
			if r.Type == t && r.Mode == "managed" {
				found = append(found, r)
			}
		}
	}
	return found
}

// get returns the value at a path such as "settings.ip_configuration.ssl_mode". Of
// a list of blocks it takes the first.
func (r *resource) get(path string) any { return descend(r.Change.After, path) }

// text is get for strings, "" for what is none.
func (r *resource) text(path string) string {
	s, _ := r.get(path).(string)
	return s
}

// is reports whether the value at the path is true.
func (r *resource) is(path string) bool {
	b, _ := r.get(path).(bool)
	return b
}

// set reports whether there is, or will be once applied, a value at the path.
func (r *resource) set(path string) bool {
	switch v := r.get(path).(type) {
	case nil:
	case string:
		return v != ""
	default:
		return true
	}
	return unknown(r.Change.Unknown, path)
}

// list is get for lists.
func (r *resource) list(path string) []any {
	l, _ := descendAll(r.Change.After, path).([]any)
	return l
}

func descend(v any, path string) any {
	v = descendAll(v, path)
	if l, ok := v.([]any); ok && len(l) > 0 {
		if _, block := l[0].(map[string]any); block {
			return l[0]
		}
	}
	return v
}

// descendAll leaves a list at the end of the path whole.
func descendAll(v any, path string) any {
	for path != "" {
		var step string
		step, path, _ = strings.Cut(path, ".")
		if l, ok := v.([]any); ok {
			if len(l) == 0 {
				return nil
			}
			v = l[0]
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}

// unknown reports whether the value at the path, or what it is in, is known only
// after apply.
func unknown(v any, path string) bool {
	for {
		if l, ok := v.([]any); ok && len(l) > 0 {
			v = l[0]
		}
		switch u := v.(type) {
		case bool:
			return u
		case map[string]any:
			var step string
			step, path, _ = strings.Cut(path, ".")
			v = u[step]
		default:
			return false
		}
	}
}
