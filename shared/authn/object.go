package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep the JSON of a token or key set may nest.
const maxDepth = 16

var errJSON = errors.New("not a JSON object in UTF-8 with unique names")

// object is a JSON object, decoded strictly: names are unique at every level
// and compared exactly, and text is what stands there. Its values are string,
// json.Number, bool, nil, []any and object.
//
// Encoding/json alone takes the last of two members, matches names in any case
// and repairs broken text, so what it reads may differ from what another
// reader of the same token saw.
type object map[string]any

func parseObject(raw []byte) (object, error) {
	if !json.Valid(raw) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	value, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	o, ok := value.(object)
	if !ok {
		return nil, errJSON
	}
	return o, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil || depth > maxDepth {
		return nil, errJSON
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return decodeObject(d, depth)
		}
		return decodeArray(d, depth)
	case string:
		// What the decoder makes of bytes that are no UTF-8 and of half a surrogate pair.
		if strings.ContainsRune(token, utf8.RuneError) {
			return nil, errJSON
		}
		return token, nil
	default:
		return token, nil
	}
}

func decodeObject(d *json.Decoder, depth int) (any, error) {
	o := object{}
	for d.More() {
		name, err := decodeValue(d, depth)
		if err != nil {
			return nil, err
		}
		value, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		if _, twice := o[name.(string)]; twice {
			return nil, fmt.Errorf("%w: a name comes twice", errJSON)
		}
		o[name.(string)] = value
	}
	_, err := d.Token()
	return o, err
}

func decodeArray(d *json.Decoder, depth int) (any, error) {
	values := []any{}
	for d.More() {
		value, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, err := d.Token()
	return values, err
}

// has reports whether any of the names is present.
func (o object) has(names ...string) bool {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
}

// text returns a string member: "" and true if it is absent, false if it is
// something else than a string.
func (o object) text(name string) (string, bool) {
	value, present := o[name]
	text, ok := value.(string)
	return text, ok || !present
}

// texts returns a member that is an array of strings, with the rules of text.
func (o object) texts(name string) ([]string, bool) {
	value, present := o[name]
	if !present {
		return nil, true
	}
	return asTexts(value)
}

func asTexts(value any) ([]string, bool) {
	values, ok := value.([]any)
	if !ok {
		return nil, false
	}
	texts := make([]string, len(values))
	for i, v := range values {
		if texts[i], ok = v.(string); !ok {
			return nil, false
		}
	}
	return texts, true
}
