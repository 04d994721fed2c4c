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
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tracing"
)

//go:embed *.txt
var texts embed.FS

var templates = template.Must(template.ParseFS(texts, "*.txt"))

// form is how a mail of one kind looks.
type form struct{ template, subject string } // %s in the subject is the organization

func formOf(text cell.MailText) (form, error) {
	switch text.(type) {
	case cell.WelcomeText:
		return form{"welcome.txt", "Welcome to %s"}, nil
	case cell.InviteText:
		return form{"invite.txt", "Invitation to %s"}, nil
	case cell.PasswordText:
		return form{"password.txt", "Your password at %s"}, nil
	case cell.AddressText:
		return form{"address.txt", "Your e-mail address at %s"}, nil
	case cell.WebhookDisabledText:
		return form{"webhook_disabled.txt", "A webhook endpoint of %s was disabled"}, nil
	}
	return form{}, fmt.Errorf("nobody knows how to write a %T", text)
}

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

// Send sends a mail.
func (m *Mailer) Send(ctx context.Context, mail cell.Mail) error {
	ctx, span := tracing.Begin(ctx, "smtp", trace.SpanKindClient)
	defer span.End()
	form, err := formOf(mail.Text)
	if err != nil {
		return err
	}
	msg := gomail.NewMsg()
	if mail.Name == "" {
		err = msg.To(mail.Email)
	} else {
		err = msg.AddToFormat(mail.Name, mail.Email)
	}
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	msg.Subject(fmt.Sprintf(form.subject, mail.Organization))
	msg.SetMessageIDWithValue(mail.ID)
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, form.template, mail); err != nil {
		return fmt.Errorf("render: %w", err)
	}
	return m.send(ctx, msg, body.String())
}

// send fills in what all mails have and sends.
func (m *Mailer) send(ctx context.Context, msg *gomail.Msg, body string) error {
	if err := msg.From(m.from); err != nil {
		return fmt.Errorf("address: %w", err)
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.SetDate()
	msg.SetBodyString(gomail.TypeTextPlain, body)
	client, err := gomail.NewClient(m.host, gomail.WithPort(m.port), gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithTimeout(dialTimeout))
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
