package api

import "encoding/json"

// Removable is a field of a merge patch (RFC 7396): absent leaves what is there,
// null removes it, which makes it empty. The zero value is absent.
type Removable[T any] struct {
	Set   bool
	Value T
}

// UnmarshalJSON is called for null, too, and not for an absent field.
func (r *Removable[T]) UnmarshalJSON(raw []byte) error {
	*r = Removable[T]{Set: true}
	if string(raw) == "null" {
		return nil
	}
	return json.Unmarshal(raw, &r.Value)
}

// MarshalJSON implements json.Marshaler. An empty list is sent as null, which
// means the same.
func (r Removable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(r.Value) }

// Change returns what a change sets: nil leaves it.
func (r Removable[T]) Change() *T {
	if !r.Set {
		return nil
	}
	return &r.Value
}
