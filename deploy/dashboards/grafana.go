package dashboards

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schemaVersion is that of Grafana 10, which later versions take up.
const schemaVersion = 38

// Panels stand two in a row of 24 columns.
const (
	width  = 12
	height = 8
)

// File is the name of the dashboard's JSON file.
func (d Dashboard) File() string { return strings.TrimPrefix(d.UID, "platform-") + ".json" }

type object = map[string]any

// source of every query: the one that is chosen on the dashboard.
var chosen = object{"type": "prometheus", "uid": "${datasource}"}

// JSON returns the dashboard as Grafana reads it.
func (d Dashboard) JSON() ([]byte, error) {
	variables := []object{{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}}
	for _, label := range slices.Sorted(maps.Keys(d.Variables)) {
		query := fmt.Sprintf("label_values(%s, %s)", d.Variables[label], label)
		variables = append(variables, object{
			"name": label, "type": "query", "datasource": chosen, "definition": query, "query": object{"query": query, "refId": label},
			"includeAll": true, "allValue": ".*", "multi": true, "refresh": 2, "sort": 1, "current": object{"text": "All", "value": "$__all"},
		})
	}
	panels := make([]object, len(d.Panels))
	for i, p := range d.Panels {
		panels[i] = p.object(i)
	}
	raw, err := json.MarshalIndent(object{
		"uid": d.UID, "title": d.Title, "tags": []string{"platform"}, "schemaVersion": schemaVersion, "editable": false, "timezone": "utc",
		"refresh": "30s", "time": object{"from": "now-3h", "to": "now"}, "templating": object{"list": variables}, "panels": panels,
	}, "", " ")
	return append(raw, '\n'), err
}

func (p Panel) object(i int) object {
	kind := p.Kind
	if kind == "" {
		kind = "timeseries"
	}
	var targets []object
	for n, legend := range slices.Sorted(maps.Keys(p.Queries)) {
		targets = append(targets, object{"refId": string(rune('A' + n)), "datasource": chosen, "expr": p.Queries[legend], "legendFormat": legend})
	}
	return object{
		"id": i + 1, "type": kind, "title": p.Title, "description": p.About, "datasource": chosen, "targets": targets,
		"gridPos":     object{"x": i % 2 * width, "y": i / 2 * height, "w": width, "h": height},
		"fieldConfig": object{"defaults": object{"unit": p.Unit}, "overrides": []object{}},
	}
}
