package api

import "encoding/json"

// RemovableText is a text in a merge patch (RFC 7396): absent leaves it, null
// removes it, which makes it empty. The zero value is absent.
type RemovableText struct {
	Set  bool
	Text string
}

// UnmarshalJSON is called for null, too, and not for an absent field.
func (t *RemovableText) UnmarshalJSON(raw []byte) error {
	t.Set, t.Text = true, ""
	if string(raw) == "null" {
		return nil
	}
	return json.Unmarshal(raw, &t.Text)
}

// MarshalJSON implements json.Marshaler. Removing and emptying are the same.
func (t RemovableText) MarshalJSON() ([]byte, error) { return json.Marshal(t.Text) }

// Change returns what a change sets: nil leaves the text.
func (t RemovableText) Change() *string {
	if !t.Set {
		return nil
	}
	return &t.Text
}
