package http1

import "bytes"

// Field is one header line. Name and Value are views of the message's buffer;
// the value has no white space around it.
type Field struct {
	Name, Value []byte
	ID          Name
}

// header is what requests and responses share.
type header struct {
	Fields []Field
	first  [names]uint8 // 1 + index of the first field of a name; 0: there is none
	count  [names]uint8
}

func (h *header) reset() {
	h.Fields = h.Fields[:0]
	h.first, h.count = [names]uint8{}, [names]uint8{}
}

// Get returns the value of the first field of a name, or nil.
func (h *header) Get(n Name) []byte {
	if i := h.first[n]; i > 0 {
		return h.Fields[i-1].Value
	}
	return nil
}

// Count returns how many fields have the name.
func (h *header) Count(n Name) int { return int(h.count[n]) }

// Each calls fn for the value of every field of a name.
func (h *header) Each(n Name, fn func(value []byte)) {
	if h.first[n] == 0 {
		return
	}
	for i := int(h.first[n]) - 1; i < len(h.Fields); i++ {
		if h.Fields[i].ID == n {
			fn(h.Fields[i].Value)
		}
	}
}

// Has reports whether a list field of the name has the item, which must be
// lower-case.
func (h *header) Has(n Name, item string) bool {
	if h.first[n] == 0 {
		return false
	}
	for i := int(h.first[n]) - 1; i < len(h.Fields); i++ {
		if h.Fields[i].ID == n && HasListItem(h.Fields[i].Value, item) {
			return true
		}
	}
	return false
}

// parseFields reads header lines up to and including the empty line, and
// returns what follows it.
func (h *header) parseFields(b []byte) (rest []byte, err error) {
	for {
		end := bytes.IndexByte(b, '\n')
		switch {
		case end < 0:
			if len(b) > MaxLine {
				return nil, errLongLine
			}
			return nil, ErrIncomplete
		case end > MaxLine:
			return nil, errLongLine
		case end == 0 || b[end-1] != '\r':
			return nil, errBareLF
		case end == 1:
			return b[2:], nil
		}
		if err := h.parseLine(b[:end-1]); err != nil {
			return nil, err
		}
		b = b[end+1:]
	}
}

func (h *header) parseLine(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' {
		return errFold
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return errLine
	}
	name, value := line[:colon], line[colon+1:]
	for _, c := range name {
		if classes[c]&isToken == 0 {
			return errName
		}
	}
	for _, c := range value {
		if classes[c]&isValue == 0 {
			return errValue
		}
	}
	if len(h.Fields) == MaxFields {
		return errManyFields
	}
	id := NameOf(name)
	h.Fields = append(h.Fields, Field{Name: name, Value: trim(value), ID: id})
	if h.first[id] == 0 {
		h.first[id] = uint8(len(h.Fields))
	}
	h.count[id]++
	return nil
}
