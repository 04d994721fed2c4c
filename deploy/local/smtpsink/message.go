package smtpsink

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Message is one mail as it was received.
type Message struct {
	ID       string    `json:"id"` // grows with time
	Received time.Time `json:"received_at"`
	From     string    `json:"from"` // of the envelope, like To
	To       []string  `json:"to"`
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	HTML     string    `json:"html,omitempty"`
	Source   string    `json:"source"`
}

// read fills in what the source says. A source that is no proper mail keeps
// its whole text as the message's.
func (m *Message) read() {
	parsed, err := mail.ReadMessage(strings.NewReader(m.Source))
	if err != nil {
		m.Text = m.Source
		return
	}
	m.Subject = parsed.Header.Get("Subject")
	if decoded, err := new(mime.WordDecoder).DecodeHeader(m.Subject); err == nil {
		m.Subject = decoded
	}
	header := func(name string) string { return parsed.Header.Get(name) }
	if err := m.readBody(header, parsed.Body, 0); err != nil && m.Text == "" {
		m.Text = m.Source
	}
}

// deepest bounds how far parts may be nested.
const deepest = 5

func (m *Message) readBody(header func(string) string, body io.Reader, depth int) error {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < deepest {
		return m.readParts(multipart.NewReader(body, params["boundary"]), depth)
	}
	content, err := io.ReadAll(decoded(header("Content-Transfer-Encoding"), body))
	text := string(bytes.ToValidUTF8(content, []byte("\uFFFD")))
	switch {
	case kind == "text/html" && m.HTML == "":
		m.HTML = text
	case kind == "text/plain" && m.Text == "":
		m.Text = text
	}
	return err
}

func (m *Message) readParts(parts *multipart.Reader, depth int) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := m.readBody(part.Header.Get, part, depth+1); err != nil {
			return err
		}
	}
}

func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	}
	return body
}
