package rollout_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/rollout"
)

// answers is a Prometheus that gives these to the two questions.
func answers(t *testing.T, up, burn string) rollout.Prometheus {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		result := burn
		if strings.Contains(query, "up{") {
			result = up
		}
		switch {
		case r.URL.Path != "/api/v1/query" || !strings.Contains(query, `cell="cell-a"`):
			w.WriteHeader(http.StatusNotFound)
		case !strings.HasPrefix(result, "["):
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprint(w, result)
		default:
			_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":%s}}`, result)
		}
	}))
	t.Cleanup(server.Close)
	return rollout.Prometheus{URL: server.URL + "/", MaxBurn: 6, Client: server.Client()}
}

func TestGate(t *testing.T) {
	t.Parallel()
	const seen = `[{"metric":{},"value":[1.5,"3"]}]`
	burning := func(value string) string {
		return fmt.Sprintf(`[{"metric":{"slo":"CellAvailability"},"value":[1.5,%q]},{"metric":{"slo":"CellLatency"},"value":[1.5,"0"]}]`, value)
	}
	for name, c := range map[string]struct {
		up, burn string
		breach   string // a part of it
		fails    bool
	}{
		"all is well":          {seen, burning("0.5"), "", false},
		"as much as may be":    {seen, burning("6"), "", false},
		"it burns":             {seen, burning("20.25"), "CellAvailability of cell-a burns its budget 20.2 times too fast", false},
		"everything fails":     {seen, burning("+Inf"), "CellAvailability", false},
		"no events":            {seen, burning("NaN"), "", false},
		"no objective":         {seen, `[]`, "", false},
		"nobody is seen":       {`[]`, burning("0"), "no API of cell-a answers", false},
		"nobody is up":         {`[{"metric":{},"value":[1.5,"0"]}]`, burning("0"), "no API of cell-a answers", false},
		"a refusal":            {seen, `{"status":"error","error":"parse error"}`, "", true},
		"something else":       {seen, `<html>`, "", true},
		"an answer without up": {`{"status":"error"}`, burning("0"), "", true},
	} {
		breach, err := answers(t, c.up, c.burn).Check(t.Context(), "cell-a")
		if (err != nil) != c.fails || (breach == "") != (c.breach == "") || !strings.Contains(breach, c.breach) {
			t.Errorf("%s: %q, %v", name, breach, err)
		}
	}
	gone := rollout.Prometheus{URL: "http://127.0.0.1:1", Client: http.DefaultClient}
	if _, err := gone.Check(t.Context(), "cell-a"); err == nil {
		t.Error("nobody answered, and that is no error")
	}
}
