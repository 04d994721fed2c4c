package hydra

import (
	"fmt"
	"os"
	"strings"
)

// variables replaces ${NAME} in the texts of a file, and remembers what it did
// not find.
type variables struct {
	lookup func(string) (string, bool)
	absent []string
}

func (v *variables) get(name string) string {
	value, ok := v.lookup(name)
	if !ok || value == "" {
		v.absent = append(v.absent, name)
	}
	return value
}

func (v *variables) expand(text string) string { return os.Expand(text, v.get) }

func (v *variables) expandAll(texts []string) []string {
	out := make([]string, 0, len(texts))
	for _, text := range texts {
		out = append(out, v.expand(text))
	}
	return out
}

func (v *variables) missing() error {
	if len(v.absent) == 0 {
		return nil
	}
	return fmt.Errorf("set in the environment: %s", strings.Join(v.absent, ", "))
}
