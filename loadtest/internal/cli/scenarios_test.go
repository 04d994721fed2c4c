package cli_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/coditect/platform/loadtest/internal/scenario"
)

// The scenarios of the repository are right; they find the local platform by
// themselves.
func TestScenariosOfTheRepository(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		s, err := scenario.ReadFile(file, func(o *scenario.Overridable) {
			*o.URL, *o.Domain, *o.ControlPlane = "http://127.0.0.1:8080", "localhost", "http://127.0.0.1:8090"
		})
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name+".yaml" != filepath.Base(file) || strings.Contains(s.Name, " ") {
			t.Errorf("%s is named %s", file, s.Name)
		}
	}
}
