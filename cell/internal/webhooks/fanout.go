package webhooks

import (
	"slices"

	"github.com/coditect/platform/cell"
)

// FanOut returns the deliveries that rows of the audit log give rise to. An
// endpoint hears of nothing that happened before it was made.
func FanOut(endpoints []cell.WebhookEndpoint, rows []cell.AuditRow) []cell.Delivery {
	var deliveries []cell.Delivery
	if len(endpoints) == 0 {
		return nil
	}
	for _, row := range rows {
		if !slices.Contains(cell.WebhookEvents, row.Entry.Action) {
			continue
		}
		for _, e := range endpoints {
			if wants(e, row.Entry) {
				deliveries = append(deliveries, cell.Delivery{EndpointID: e.ID, EventID: row.Entry.ID, Event: row.Entry.Action})
			}
		}
	}
	return deliveries
}

func wants(e cell.WebhookEndpoint, entry cell.AuditEntry) bool {
	return e.Active && !entry.At.Before(e.CreatedAt) && (len(e.Events) == 0 || slices.Contains(e.Events, entry.Action))
}
