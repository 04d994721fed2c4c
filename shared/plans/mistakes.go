package plans

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Mistake is one thing that is wrong with a document.
type Mistake struct {
	File    string
	Line    int
	Field   string // such as plans[1].prices.month; empty: the line as a whole
	Message string
}

func (m *Mistake) Error() string {
	where := fmt.Sprintf("%s:%d: ", m.File, m.Line)
	if m.Field != "" {
		where += m.Field + ": "
	}
	return where + m.Message
}

// mistakes collects what is wrong with one document.
type mistakes struct {
	file string
	root yaml.Node
	all  []error
}

func (m *mistakes) at(field, format string, args ...any) {
	m.all = append(m.all, &Mistake{File: m.file, Line: m.line(field), Field: field, Message: fmt.Sprintf(format, args...)})
}

// line is that of the nearest part of the field's path that is there.
func (m *mistakes) line(field string) int {
	node, line := &m.root, 1
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
		line = node.Line
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(field, "[", ".["), ".") {
		next, at := inside(node, part)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line
}

// inside finds a field or an element ("[3]") of a node, and where it begins.
func inside(node *yaml.Node, part string) (*yaml.Node, int) {
	if digits, element := strings.CutPrefix(part, "["); element {
		i, err := strconv.Atoi(strings.TrimSuffix(digits, "]"))
		if err != nil || node.Kind != yaml.SequenceNode || i >= len(node.Content) {
			return nil, 0
		}
		return node.Content[i], node.Content[i].Line
	}
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == part {
			return node.Content[i+1], node.Content[i].Line
		}
	}
	return nil, 0
}

var (
	decodeLine   = regexp.MustCompile(`line (\d+): (.*)`)
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType    = regexp.MustCompile("cannot unmarshal !!\\w+(?: `(.*)`)? into .*")
)

// decoded notes what the YAML library said, in our words.
func (m *mistakes) decoded(err error) {
	texts := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		texts = typed.Errors
	}
	for _, text := range texts {
		one := &Mistake{File: m.file, Line: 1, Message: text}
		if found := decodeLine.FindStringSubmatch(text); found != nil {
			one.Line, _ = strconv.Atoi(found[1])
			one.Message = found[2]
		}
		if found := unknownField.FindStringSubmatch(one.Message); found != nil {
			one.Field, one.Message = found[1], "there is no such field"
		} else if found := wrongType.FindStringSubmatch(one.Message); found != nil {
			one.Message = fmt.Sprintf("%q is of the wrong kind here", found[1])
		}
		m.all = append(m.all, one)
	}
}
