package mail

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"strconv"
	"text/template"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/coditect/platform/cell"
)

//go:embed *.txt
var texts embed.FS

var (
	welcomeTemplate = template.Must(template.ParseFS(texts, "welcome.txt"))
	inviteTemplate  = template.Must(template.ParseFS(texts, "invite.txt"))
)

const dialTimeout = 10 * time.Second

// Mailer sends through one SMTP server. It is safe for concurrent use.
type Mailer struct {
	host, from string
	port       int
}

// New returns a mailer for the SMTP server at addr (host:port), which sends as
// from (an address, with or without a name).
func New(addr, from string) (*Mailer, error) {
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, errors.New("SMTP address: use host:port")
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || port == 0 {
		return nil, errors.New("SMTP address: use a port between 1 and 65535")
	}
	if err := gomail.NewMsg().From(from); err != nil {
		return nil, fmt.Errorf("sender %q: not an e-mail address", from)
	}
	return &Mailer{host: host, from: from, port: int(port)}, nil
}

// SendWelcome greets the owner of a new tenant.
func (m *Mailer) SendWelcome(ctx context.Context, w cell.Welcome) error {
	msg := gomail.NewMsg()
	if err := msg.AddToFormat(w.Name, w.Email); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	msg.Subject("Welcome to " + w.Organization)
	msg.SetMessageIDWithValue(w.MessageID)
	return m.send(ctx, msg, welcomeTemplate, w)
}

// SendInvite asks somebody to join a tenant.
func (m *Mailer) SendInvite(ctx context.Context, i cell.Invite) error {
	msg := gomail.NewMsg()
	if err := msg.To(i.Email); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	msg.Subject("Invitation to " + i.Organization)
	msg.SetMessageIDWithValue(i.MessageID)
	return m.send(ctx, msg, inviteTemplate, i)
}

// send fills in what all mails have, renders the text and sends.
func (m *Mailer) send(ctx context.Context, msg *gomail.Msg, text *template.Template, data any) error {
	var body bytes.Buffer
	if err := text.Execute(&body, data); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	if err := msg.From(m.from); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetDate()
	msg.SetBodyString(gomail.TypeTextPlain, body.String())
	client, err := gomail.NewClient(m.host, gomail.WithPort(m.port), gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithTimeout(dialTimeout))
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
