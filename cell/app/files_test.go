package app_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/shared/testkit"
)

// A report is asked for, made and loaded by its link, which nobody can bend.
func TestReports(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	tn, other := p.admit(t), p.admit(t)
	workspace := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/workspaces", body: map[string]any{"name": "=Research"}}), 201).text("id")
	expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/projects", body: map[string]any{"workspace_id": workspace, "name": "Ёлка, \"2\" 🎄"}}), 201)
	for format, begins := range map[string]string{"csv": "Workspace,Project,Status,Created,Changed\r\n'=Research,\"Ёлка, \"\"2\"\" 🎄\",active,", "pdf": "%PDF-"} {
		asked := expect(t, p.asTenant(t, tn, request{method: "POST", target: "/v1/reports", body: map[string]any{"format": format}}), 202)
		var job api.Job
		testkit.Eventually(t, "the report", func() bool {
			a := p.asTenant(t, tn, request{method: "GET", target: asked.header.Get("Location")})
			return json.Unmarshal(a.body, &job) == nil && job.State == api.Done
		})
		if job.File == nil || job.Progress != 100 || !strings.HasSuffix(job.File.Name, "."+format) {
			t.Fatalf("%+v", job)
		}
		public := tn
		public.key = "none"
		file := expect(t, p.asTenant(t, public, request{method: "GET", target: job.File.URL}), 200)
		if !bytes.HasPrefix(file.body, []byte(begins)) || int64(len(file.body)) != job.File.Size || !strings.Contains(file.header.Get("Content-Disposition"), job.File.Name) {
			t.Errorf("%s: %v %.200s", format, file.header, file.body)
		}
		expect(t, p.asTenant(t, other, request{method: "GET", target: job.File.URL}), 404)
		token := strings.TrimPrefix(job.File.URL, "/v1/download?token=")
		for _, bent := range []string{token[:len(token)-4] + "AAAA", "AAAA" + token[4:], token[:30], token[:22] + "__" + token[24:]} {
			if a := p.asTenant(t, public, request{method: "GET", target: "/v1/download?token=" + bent}); a.status != 404 {
				t.Errorf("bent link: %d %s", a.status, a.body)
			}
		}
	}
}
