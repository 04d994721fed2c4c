package scenario

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one mistake in a scenario's file.
type Problem struct {
	File    string
	Line    int
	Field   string // such as phases[1].rate; empty: the file as a whole
	Message string
}

func (p *Problem) Error() string {
	where := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Field == "" {
		return where + ": " + p.Message
	}
	return where + ": " + p.Field + ": " + p.Message
}

// problems collects what is wrong with one file.
type problems struct {
	file string
	root *yaml.Node
	all  []error
}

// at notes a mistake at a field: its line is that of the nearest part of the
// path that is in the file.
func (p *problems) at(field, format string, args ...any) {
	p.all = append(p.all, &Problem{File: p.file, Line: p.line(field), Field: field, Message: fmt.Sprintf(format, args...)})
}

func (p *problems) err() error { return errors.Join(p.all...) }

func (p *problems) line(field string) int {
	node := p.root
	if node == nil || node.Kind == 0 {
		return 1
	}
	if node.Kind == yaml.DocumentNode {
		node = node.Content[0]
	}
	line := node.Line
	for part := range strings.SplitSeq(strings.ReplaceAll(field, "[", ".["), ".") {
		next, at := child(node, part)
		if next == nil {
			return line
		}
		node, line = next, at
	}
	return line
}

// child finds a field or an element ("[3]"), and the line where it begins.
func child(node *yaml.Node, part string) (*yaml.Node, int) {
	if digits, ok := strings.CutPrefix(part, "["); ok {
		i, err := strconv.Atoi(strings.TrimSuffix(digits, "]"))
		if err != nil || node.Kind != yaml.SequenceNode || i >= len(node.Content) {
			return nil, 0
		}
		return node.Content[i], node.Content[i].Line
	}
	if node.Kind != yaml.MappingNode {
		return nil, 0
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == part {
			return node.Content[i+1], node.Content[i].Line
		}
	}
	return nil, 0
}

var (
	decodeLine   = regexp.MustCompile(`line (\d+): (.*)`)
	unknownField = regexp.MustCompile(`field (\S+) not found in type \S+`)
	wrongType    = regexp.MustCompile("cannot unmarshal !!(\\w+)(?: `(.*)`)? into (.*)")
)

// decoded notes what the YAML library said, in our words.
func (p *problems) decoded(err error) {
	lines := []string{err.Error()}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		lines = typed.Errors
	}
	for _, text := range lines {
		problem := &Problem{File: p.file, Line: 1, Message: text}
		if m := decodeLine.FindStringSubmatch(text); m != nil {
			problem.Line, _ = strconv.Atoi(m[1])
			problem.Message = m[2]
		}
		if m := unknownField.FindStringSubmatch(problem.Message); m != nil {
			problem.Field, problem.Message = p.parent(problem.Line, m[1]), "there is no such field"
		} else if m := wrongType.FindStringSubmatch(problem.Message); m != nil {
			problem.Field = p.valued(problem.Line, m[2])
			problem.Message = fmt.Sprintf("%q is not what is wanted here (%s)", m[2], words[m[3]])
		}
		p.all = append(p.all, problem)
	}
}

// words are Go's types as a reader of the message knows them.
var words = map[string]string{
	"int": "a whole number", "*int": "a whole number", "uint64": "a whole number from 0", "float64": "a number", "bool": "true or false", "string": "a text",
	"[]scenario.phase": "a list of phases", "[]scenario.step": "a list of steps", "[]string": "a list of texts", "[]int": "a list of whole numbers",
}

// parent is the path of the field of that name on the line.
func (p *problems) parent(line int, name string) string {
	path := name
	walk(p.root, "", func(at string, key, _ *yaml.Node) {
		if key != nil && key.Line == line && key.Value == name {
			path = at
		}
	})
	return path
}

// valued is the path of the value on the line.
func (p *problems) valued(line int, value string) string {
	path := ""
	walk(p.root, "", func(at string, _, node *yaml.Node) {
		// The library shortens long values.
		if node.Line == line && strings.HasPrefix(node.Value, strings.TrimSuffix(value, "...")) {
			path = at
		}
	})
	return path
}

// walk visits every value with its path; key is nil for elements of lists.
func walk(node *yaml.Node, path string, visit func(path string, key, value *yaml.Node)) {
	switch node.Kind {
	case yaml.DocumentNode:
		walk(node.Content[0], path, visit)
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			at := strings.TrimPrefix(path+"."+node.Content[i].Value, ".")
			visit(at, node.Content[i], node.Content[i+1])
			walk(node.Content[i+1], at, visit)
		}
	case yaml.SequenceNode:
		for i, element := range node.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			visit(at, nil, element)
			walk(element, at, visit)
		}
	}
}
