package signintest

import (
	"context"
	"sync"
	"time"

	"github.com/coditect/platform/controlplane"
)

// Logins keeps the authorization server's sessions. The zero value has none.
type Logins struct {
	mu    sync.Mutex
	noted map[string]controlplane.LoginSession
}

// NoteLogin implements the interface, as the method below does.
func (s *Logins) NoteLogin(_ context.Context, l controlplane.LoginSession) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noted == nil {
		s.noted = map[string]controlplane.LoginSession{}
	}
	s.noted[l.ID] = l
	return nil
}

// LoginsOf returns a subject's.
func (s *Logins) LoginsOf(_ context.Context, subject string, now time.Time) ([]controlplane.LoginSession, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var of []controlplane.LoginSession
	for _, l := range s.noted {
		if l.Subject == subject && l.EndsAt.After(now) {
			of = append(of, l)
		}
	}
	return of, nil
}
