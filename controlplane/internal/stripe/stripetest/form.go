package stripetest

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// form is a request's parameters as a tree: Stripe writes items[0][price]=x.
type form map[string]any

func parseForm(values url.Values) form {
	root := form{}
	for key, all := range values {
		at := root
		parts := strings.Split(strings.ReplaceAll(key, "]", ""), "[")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(form)
			if !ok {
				next = form{}
				at[part] = next
			}
			at = next
		}
		at[parts[len(parts)-1]] = all[0]
	}
	return root
}

// text returns the value at a path, or "".
func (f form) text(path ...string) string {
	for _, part := range path[:len(path)-1] {
		f, _ = f[part].(form)
	}
	value, _ := f[path[len(path)-1]].(string)
	return value
}

func (f form) has(name string) bool { _, ok := f[name]; return ok }

func (f form) number(path ...string) int64 {
	n, _ := strconv.ParseInt(f.text(path...), 10, 64)
	return n
}

func (f form) flag(path ...string) bool { return f.text(path...) == "true" }

// list returns the elements under a name, in their order.
func (f form) list(name string) []form {
	in, _ := f[name].(form)
	keys := slices.SortedFunc(maps.Keys(in), func(a, b string) int {
		i, _ := strconv.Atoi(a)
		j, _ := strconv.Atoi(b)
		return cmp.Compare(i, j)
	})
	var out []form
	for _, key := range keys {
		if element, ok := in[key].(form); ok {
			out = append(out, element)
		}
	}
	return out
}

// texts returns the plain elements under a name, or the plain fields.
func (f form) texts(name string) map[string]string {
	in, _ := f[name].(form)
	out := map[string]string{}
	for key, value := range in {
		if text, ok := value.(string); ok {
			out[key] = text
		}
	}
	return out
}
