package app_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// overheard is what a program asked a database: it stands between the two.
type overheard struct {
	dsn string // leads through it

	mu           sync.Mutex
	transactions []transaction
	statements   map[string]heard // one of each text
}

// transaction is one that has ended.
type transaction struct {
	tenant string // for whom, by its context; "": for nobody
	texts  []string
	turns  int // how often the program waited for the database
}

// heard is a statement with the values that came with it.
type heard struct {
	text    string
	types   []uint32
	formats []int16
	values  [][]byte
}

func overhear(t *testing.T, dsn string) *overheard {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := address.Host
	address.Host = listener.Addr().String()
	o := &overheard{dsn: address.String(), statements: map[string]heard{}}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				t.Error(err)
				return
			}
			pumps.Go(func() {
				_ = o.listen(client, upstream) // until either side has enough
				_ = upstream.Close()
			})
			pumps.Go(func() {
				_, _ = io.Copy(client, upstream)
				_ = client.Close()
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); pumps.Wait() })
	return o
}

// listen follows one connection, from the startup message on. It notes a message
// before it passes it on: what has been answered has been noted.
func (o *overheard) listen(client io.Reader, server io.Writer) error {
	c := connection{to: o, named: map[string]heard{}}
	kind, header := make([]byte, 1), make([]byte, 4)
	for first := true; ; first = false {
		if !first {
			if _, err := io.ReadFull(client, kind); err != nil {
				return err
			}
		}
		if _, err := io.ReadFull(client, header); err != nil {
			return err
		}
		body := make([]byte, binary.BigEndian.Uint32(header)-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return err
		}
		message := slices.Concat(header, body)
		if !first {
			c.message(kind[0], body)
			message = slices.Concat(kind, message)
		}
		if _, err := server.Write(message); err != nil {
			return err
		}
	}
}

type connection struct {
	to     *overheard
	named  map[string]heard // the unnamed one as ""
	open   *transaction
	ending bool
}

func (c *connection) message(kind byte, body []byte) {
	in := &fields{body}
	switch kind {
	case 'P': // Parse
		name := in.text()
		s := heard{text: in.text()}
		for range in.short() {
			s.types = append(s.types, in.long())
		}
		c.named[name] = s
	case 'B': // Bind
		in.text()
		s := c.named[in.text()]
		for range in.short() {
			s.formats = append(s.formats, int16(in.short()))
		}
		s.values = nil
		for range in.short() {
			s.values = append(s.values, in.value())
		}
		c.execute(s)
	case 'Q': // Query
		c.execute(heard{text: in.text()})
		c.turn()
	case 'S': // Sync
		c.turn()
	}
}

var ofTenant = regexp.MustCompile(`^SET LOCAL app\.tenant_id = '([0-9a-f-]{36})'$`)

func (c *connection) execute(s heard) {
	text := strings.TrimSpace(s.text)
	verb, _, _ := strings.Cut(strings.ToUpper(text), " ")
	if verb == "BEGIN" {
		c.open, c.ending = &transaction{}, false
	}
	if c.open != nil {
		c.open.texts = append(c.open.texts, text)
		if m := ofTenant.FindStringSubmatch(text); m != nil {
			c.open.tenant = m[1]
		}
		c.ending = c.ending || verb == "COMMIT" || verb == "ROLLBACK"
	}
	c.to.mu.Lock()
	defer c.to.mu.Unlock()
	if c.open != nil && c.open.tenant != "" {
		c.to.statements[text] = s
	}
}

// turn is where the program waits.
func (c *connection) turn() {
	if c.open == nil {
		return
	}
	c.open.turns++
	if c.ending {
		c.to.mu.Lock()
		defer c.to.mu.Unlock()
		c.to.transactions = append(c.to.transactions, *c.open)
		c.open = nil
	}
}

// turnsFor adds up how often the program waited on behalf of a tenant since it
// was last asked, except for what it records by itself.
func (o *overheard) turnsFor(tenant string) (turns int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, tx := range o.transactions {
		own := strings.Join(tx.texts, "\n")
		if tx.tenant == tenant && !strings.Contains(own, "SET used_on") && !strings.Contains(own, "INTO usage") {
			turns += tx.turns
		}
	}
	o.transactions = nil
	return turns
}

// seen returns one statement of each text that was executed for some tenant.
func (o *overheard) seen() []heard {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := make([]heard, 0, len(o.statements))
	for _, s := range o.statements {
		all = append(all, s)
	}
	return all
}

// fields reads a message of Postgres' protocol.
type fields struct{ rest []byte }

func (f *fields) text() string {
	text, rest, _ := bytes.Cut(f.rest, []byte{0})
	f.rest = rest
	return string(text)
}

func (f *fields) short() uint16 {
	n := binary.BigEndian.Uint16(f.rest)
	f.rest = f.rest[2:]
	return n
}

func (f *fields) long() uint32 {
	n := binary.BigEndian.Uint32(f.rest)
	f.rest = f.rest[4:]
	return n
}

func (f *fields) value() []byte {
	n := int32(f.long())
	if n < 0 {
		return nil // null
	}
	v := append([]byte{}, f.rest[:n]...)
	f.rest = f.rest[n:]
	return v
}
