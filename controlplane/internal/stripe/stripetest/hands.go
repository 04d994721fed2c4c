package stripetest

import (
	"net/http"
	"time"
)

// What a test does to a fake in another process. Stripe has a likeness of the
// first only: its test clocks.

// Follow lets the fake's time be that of a clock, as far ahead of it as
// [Server.setAhead] was told, and what is due by then happen.
func (s *Server) Follow(clock time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(clock.Add(s.ahead).Sub(s.now))
}

// setAhead has the fake's clock go ahead by some seconds, or behind: what is due by
// then has happened when this is answered.
func (s *Server) setAhead(_ *http.Request, f form) (any, error) {
	ahead := time.Duration(f.number("ahead")) * time.Second
	s.advance(ahead - s.ahead)
	s.ahead = ahead
	return map[string]any{"object": "test_helpers.clock", "now": s.now.Unix()}, nil
}

// setDeclined is [Server.Decline].
func (s *Server) setDeclined(_ *http.Request, f form) (any, error) {
	c, err := s.customer(f.text("customer"))
	if err != nil {
		return nil, err
	}
	s.declined[c.ID] = f.flag("declined")
	return c, nil
}
