package stripetest

import (
	"net/http"
	"strconv"
	"time"
)

// Bounds of meter events, as Stripe has them.
const (
	identifierMemory = 24 * time.Hour
	oldestUsage      = 35 * 24 * time.Hour
	newestUsage      = 5 * time.Minute
)

func (s *Server) listMeters(_ *http.Request, f form) (any, error) {
	return page(&s.meters, f, func(m *meter) string { return m.ID }, func(m *meter) bool {
		return !f.has("status") || m.Status == f.text("status")
	}), nil
}

func (s *Server) createMeter(_ *http.Request, f form) (any, error) {
	name := f.text("event_name")
	if len(s.meters.all(func(m *meter) bool { return m.EventName == name && m.Status == "active" })) > 0 {
		return nil, bad("An active meter with event name %s already exists", name)
	}
	m := &meter{
		ID: s.id("mtr"), Object: "billing.meter", Created: s.now.Unix(), DisplayName: f.text("display_name"), EventName: name, Status: "active",
		CustomerMapping:    payloadKey{f.text("customer_mapping", "event_payload_key"), f.text("customer_mapping", "type")},
		ValueSettings:      payloadKey{EventPayloadKey: f.text("value_settings", "event_payload_key")},
		DefaultAggregation: map[string]string{"formula": f.text("default_aggregation", "formula")},
	}
	s.meters.put(m.ID, m)
	return m, nil
}

func (s *Server) changeMeter(r *http.Request, change func(*meter)) (any, error) {
	m, ok := s.meters.by[r.PathValue("id")]
	if !ok {
		return nil, missing("meter", r.PathValue("id"))
	}
	change(m)
	return m, nil
}

func (s *Server) updateMeter(r *http.Request, f form) (any, error) {
	return s.changeMeter(r, func(m *meter) { m.DisplayName = f.text("display_name") })
}

func (s *Server) deactivateMeter(r *http.Request, _ form) (any, error) {
	return s.changeMeter(r, func(m *meter) { m.Status = "inactive" })
}

func (s *Server) reactivateMeter(r *http.Request, _ form) (any, error) {
	return s.changeMeter(r, func(m *meter) { m.Status = "active" })
}

func (s *Server) createMeterEvent(_ *http.Request, f form) (any, error) {
	e := meterEvent{
		Object: "billing.meter_event", Created: s.now.Unix(), EventName: f.text("event_name"), Identifier: f.text("identifier"), Payload: f.texts("payload"),
		Timestamp: f.number("timestamp"),
	}
	if e.Timestamp == 0 {
		e.Timestamp = s.now.Unix()
	}
	found := s.meters.all(func(m *meter) bool { return m.EventName == e.EventName && m.Status == "active" })
	switch at := time.Unix(e.Timestamp, 0); {
	case len(found) == 0:
		return nil, fault(http.StatusBadRequest, "no_meter", "No active meter found for event name %s", e.EventName)
	case at.Before(s.now.Add(-oldestUsage)) || at.After(s.now.Add(newestUsage)):
		return nil, fault(http.StatusBadRequest, "timestamp_invalid", "The timestamp is outside of the window.")
	}
	if value, err := strconv.ParseInt(e.Payload[found[0].ValueSettings.EventPayloadKey], 10, 64); err != nil || value < 0 {
		return nil, bad("The value must be a whole number.")
	}
	if _, ok := s.customers.by[e.Payload[found[0].CustomerMapping.EventPayloadKey]]; !ok {
		return nil, missing("customer", e.Payload[found[0].CustomerMapping.EventPayloadKey])
	}
	if seen, known := s.identifiers[e.Identifier]; known && seen.After(s.now.Add(-identifierMemory)) {
		return nil, fault(http.StatusBadRequest, "duplicate_meter_event", "An event already exists with identifier %s.", e.Identifier)
	}
	s.identifiers[e.Identifier] = s.now
	s.usage = append(s.usage, e)
	return e, nil
}

// used adds up a customer's usage of a meter in a span; the end is excluded.
func (s *Server) used(m *meter, customer string, from, to int64) (sum int64) {
	for _, e := range s.usage {
		if e.EventName == m.EventName && e.Payload[m.CustomerMapping.EventPayloadKey] == customer && e.Timestamp >= from && e.Timestamp < to {
			value, _ := strconv.ParseInt(e.Payload[m.ValueSettings.EventPayloadKey], 10, 64)
			sum += value
		}
	}
	return sum
}

func (s *Server) summarise(r *http.Request, f form) (any, error) {
	m, ok := s.meters.by[r.PathValue("id")]
	if !ok {
		return nil, missing("meter", r.PathValue("id"))
	}
	from, to := f.number("start_time"), f.number("end_time")
	if from%60 != 0 || to%60 != 0 || from >= to {
		return nil, bad("start_time and end_time must be aligned with minutes")
	}
	sum := s.used(m, f.text("customer"), from, to)
	if sum == 0 {
		return listOf[summary](nil, false), nil
	}
	return listOf([]summary{{ID: s.id("mtrusg"), Object: "billing.meter_event_summary", AggregatedValue: float64(sum), StartTime: from, EndTime: to, Meter: m.ID}}, false), nil
}

// Used returns what a customer's events of a meter's name come to, all in all,
// and how many there are.
func (s *Server) Used(customer, eventName string) (sum int64, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meters.all(func(m *meter) bool { return m.EventName == eventName }) {
		sum += s.used(m, customer, 0, 1<<62)
	}
	for _, e := range s.usage {
		if e.EventName == eventName && e.Payload["stripe_customer_id"] == customer {
			events++
		}
	}
	return sum, events
}
