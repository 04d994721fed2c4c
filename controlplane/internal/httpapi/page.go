package httpapi

import (
	"encoding/base64"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

const defaultLimit = 100

// pageOf reads limit and cursor. It asks the store for one item more than the
// client wants: whether there is one says whether there is a next page.
func pageOf(limit *int, cursor *string) (controlplane.Page, error) {
	page := controlplane.Page{Limit: orDefault(limit, defaultLimit) + 1}
	if cursor != nil {
		raw, err := base64.RawURLEncoding.DecodeString(*cursor)
		if err != nil || len(raw) == 0 {
			return page, fault.New(fault.Invalid, "the cursor is not one of ours").At("cursor", "use next_cursor of the page before")
		}
		page.After = string(raw)
	}
	return page, nil
}

// cut removes the extra item, and returns the cursor of the next page if there
// was one.
func cut[T any](items []T, page controlplane.Page, key func(T) string) ([]T, *string) {
	if len(items) < page.Limit {
		return items, nil
	}
	items = items[:page.Limit-1]
	cursor := base64.RawURLEncoding.EncodeToString([]byte(key(items[len(items)-1])))
	return items, &cursor
}

func orDefault[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

// optional leaves zero values out of answers.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func each[T, U any](in []T, f func(T) U) []U {
	out := make([]U, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
