package smtpsink

import (
	"io"

	"github.com/emersion/go-smtp"
)

// backend accepts mail from everybody to everybody.
type backend struct{ store *Store }

// NewSession implements [smtp.Backend].
func (b backend) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{store: b.store}, nil }

// session is one client's connection; it may send several mails.
type session struct {
	store *Store
	from  string
	to    []string
}

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session]. A mail that cannot be kept is refused, so
// that its sender tries again.
func (s *session) Data(r io.Reader) error {
	source, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return s.store.Add(s.from, s.to, string(source))
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }
