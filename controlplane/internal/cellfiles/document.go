package cellfiles

import (
	"bytes"
	"text/template"
)

// The text is a template rather than a marshalled struct for the comments and the
// order, which are there for who edits it next.
var cellTemplate = template.Must(template.New(cellFile).Parse(`id: {{.ID}}
project: {{.Project}}
{{- if .ProjectNumber}}
project_number: "{{.ProjectNumber}}"
{{- else}}
project_number: "" # gcloud projects describe {{.Project}} --format='value(projectNumber)'
{{- end}}
region: {{.Region}}
zones: [{{range $i, $zone := .Zones}}{{if $i}}, {{end}}{{$zone}}{{end}}]
cidr: {{.CIDR}}
backup_region: {{.BackupRegion}}
tier: {{.Tier}}
{{- if eq .Database "citus"}}
capacity_tenants: 100000
database:
  kind: citus
  workers: 2
  worker_cpu: 4
  worker_memory_gb: 16
  disk_gb: 500
redis:
  memory_gb: 20
{{- else}}
capacity_tenants: 10000
database:
  kind: postgres
  machine: db-custom-8-32768
  disk_gb: 200
redis:
  memory_gb: 6
{{- end}}
`))

func document(spec Spec) ([]byte, error) {
	var text bytes.Buffer
	err := cellTemplate.Execute(&text, spec)
	return text.Bytes(), err
}
