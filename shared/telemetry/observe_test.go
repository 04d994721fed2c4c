package telemetry_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coditect/platform/shared/telemetry"
	"github.com/coditect/platform/shared/tracing"
)

func TestLinesNameTheTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, "info", "test").With("a", 1)
	ctx := tracing.WithParent(t.Context(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	log.InfoContext(ctx, "within", slog.Int("b", 2))
	log.Info("outside")
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(lines[0], `"a":1,"b":2,"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"`) {
		t.Errorf("within: %s", lines[0])
	}
	if strings.Contains(lines[1], "trace_id") {
		t.Errorf("outside: %s", lines[1])
	}
}

func TestSpaceOfDisks(t *testing.T) {
	t.Parallel()
	admin, dir := telemetry.NewAdmin(), t.TempDir()
	if err := admin.WatchDisks([]string{dir}); err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	admin.ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, name := range []string{"disk_size_bytes", "disk_free_bytes"} {
		if !strings.Contains(rec.Body.String(), name+`{directory="`+dir+`"} `) {
			t.Errorf("%s is missing", name)
		}
	}
	if err := telemetry.NewAdmin().WatchDisks([]string{dir + "/none"}); err == nil || !strings.Contains(err.Error(), "--watch-disk") {
		t.Errorf("no such directory: %v", err)
	}
}
