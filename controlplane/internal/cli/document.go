package cli

import (
	"bytes"
	"encoding/json"
	"io"
)

// writeDocument writes v as the one document of -o json, or as one line of
// -o jsonl.
func (p *program) writeDocument(v any) error {
	raw, err := encode(v, p.flags.output == formatJSON)
	if err != nil {
		return err
	}
	_, err = p.opts.Stdout.Write(raw)
	return err
}

func encode(v any, indented bool) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if indented {
		enc.SetIndent("", "  ")
	}
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// stream writes a list of unknown length for programs: the elements of one
// array (-o json) or lines (-o jsonl). An array whose end is missing was cut
// off by an error.
type stream struct {
	out   io.Writer
	array bool
	count int
}

func (p *program) newStream() *stream {
	return &stream{out: p.opts.Stdout, array: p.flags.output == formatJSON}
}

func (s *stream) add(v any) error {
	raw, err := encode(v, false)
	if err != nil {
		return err
	}
	if s.array {
		var element bytes.Buffer
		element.WriteString(map[bool]string{true: "[\n  ", false: ",\n  "}[s.count == 0])
		if err := json.Indent(&element, bytes.TrimSpace(raw), "  ", "  "); err != nil {
			return err
		}
		raw = element.Bytes()
	}
	s.count++
	_, err = s.out.Write(raw)
	return err
}

func (s *stream) end() error {
	if !s.array {
		return nil
	}
	last := "\n]\n"
	if s.count == 0 {
		last = "[]\n"
	}
	_, err := io.WriteString(s.out, last)
	return err
}
