package stripetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// apiVersion is that of events, and of the client library.
const apiVersion = "2023-10-16"

// emit keeps an event about an object as it is now.
func (s *Server) emit(kind string, object any) {
	e := &event{
		ID: s.id("evt"), Object: "event", APIVersion: apiVersion, Created: s.now.Unix(), Type: kind, PendingWebhooks: 1, Data: eventData{object},
	}
	s.events.put(e.ID, e)
}

func (s *Server) listEvents(_ *http.Request, f form) (any, error) {
	from := f.number("created", "gte")
	return page(&s.events, f, func(e *event) string { return e.ID }, func(e *event) bool { return e.Created >= from }), nil
}

// Event is one event as it is to be delivered.
type Event struct {
	ID, Type string
	Created  time.Time
	Payload  []byte
}

// TakeEvents returns the events since the last call, in their order.
func (s *Server) TakeEvents() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Event
	for _, id := range s.events.ids[s.taken:] {
		e := s.events.by[id]
		raw, err := json.Marshal(e)
		if err != nil {
			panic("stripetest: " + err.Error()) // our own structs
		}
		out = append(out, Event{ID: e.ID, Type: e.Type, Created: time.Unix(e.Created, 0), Payload: raw})
	}
	s.taken = len(s.events.ids)
	return out
}

// Signature is the header Stripe-Signature of a payload that is sent at a time.
func Signature(payload []byte, secret string, at time.Time) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp + "."))
	mac.Write(payload)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// Signed makes the request that delivers an event to a webhook at a time.
func (s *Server) Signed(ctx context.Context, url string, e Event, at time.Time) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(e.Payload))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Stripe-Signature", Signature(e.Payload, s.opts.WebhookSecret, at))
	return req, nil
}

// Deliver posts the events since the last call, in order. The first one that is
// not accepted ends it, and is tried again by the next call.
func (s *Server) Deliver(ctx context.Context, client *http.Client, url string) error {
	before := s.deliveredUpTo()
	for n, e := range s.TakeEvents() {
		req, err := s.Signed(ctx, url, e, time.Now())
		if err == nil {
			err = post(client, req)
		}
		if err != nil {
			s.mu.Lock()
			s.taken = before + n
			s.mu.Unlock()
			return fmt.Errorf("deliver %s: %w", e.Type, err)
		}
	}
	return nil
}

func (s *Server) deliveredUpTo() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func post(client *http.Client, req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answered %s", resp.Status)
	}
	return nil
}
