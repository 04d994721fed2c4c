package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/export"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// content is a tenant in memory.
type content struct {
	fence    cell.Fence
	sections []cell.Section
	rows     map[string][]string
}

func (c content) Fence() cell.Fence        { return c.fence }
func (c content) Plan() string             { return "team" }
func (c content) Sections() []cell.Section { return c.sections }

func (c content) EachRow(_ context.Context, s cell.Section, each func([]byte) error) error {
	for _, row := range c.rows[s.Table] {
		if err := each([]byte(row)); err != nil {
			return err
		}
	}
	return nil
}

func (c content) source(_ context.Context, read func(export.Content) error) error { return read(c) }

var tenant = tenancy.NewID()

func sample() content {
	c := content{
		fence: cell.Fence{TenantID: tenant, Slug: "acme", State: cell.Live, Epoch: 3},
		sections: []cell.Section{
			{Table: "users", Columns: []string{"name", "user_id"}},
			{Table: "empty", Columns: []string{"id"}},
			{Table: "projects", Columns: []string{"id", "name"}},
		},
		rows: map[string][]string{"users": {`{"name":"Ada \"}\n","user_id":1}`, `{"name":null,"user_id":2}`}},
	}
	for i := range 2500 {
		c.rows["projects"] = append(c.rows["projects"], fmt.Sprintf(`{"id":%d,"name":"p"}`, i))
	}
	return c
}

var signer = export.NewSigner([]byte("control key"))

func write(t testing.TB, c content, e export.Exporter) []byte {
	t.Helper()
	var out bytes.Buffer
	e.Cell, e.Clock = "cell-a", time.Now
	summary, err := e.Export(t.Context(), c.source, &out)
	if err != nil || summary.Rows != 2502 {
		t.Fatalf("%+v, %v", summary, err)
	}
	return out.Bytes()
}

func operators(t testing.TB) []byte {
	return write(t, sample(), export.Exporter{SchemaVersion: 8, Secrets: true, Signer: signer})
}

// target keeps what an importer stores, as a cell would.
type target struct {
	rows    map[string][]string
	live    bool
	batches int
	fail    func(table string) error
}

func (m *target) BeginIntake(context.Context, cell.Intake) error {
	m.rows = map[string][]string{}
	return nil
}

func (m *target) TakeIn(_ context.Context, _ cell.Intake, s cell.Section, rows [][]byte) error {
	m.batches++
	for _, row := range rows {
		m.rows[s.Table] = append(m.rows[s.Table], string(row))
	}
	if m.fail != nil {
		return m.fail(s.Table)
	}
	return nil
}

func (m *target) DigestIntake(_ context.Context, _ cell.Intake, s cell.Section) (cell.Digest, error) {
	var d cell.Digester
	for _, row := range m.rows[s.Table] {
		d.Add([]byte(row))
	}
	return d.Digest(), nil
}

func (m *target) FinishIntake(context.Context, cell.Intake, string) error {
	m.live = true
	return nil
}

func (m *target) AbandonIntake(context.Context, cell.Intake) error {
	m.rows = nil
	return nil
}

func order() export.Order {
	return export.Order{TenantID: tenant, Epoch: 3, Trusted: []string{signer.PublicKey()}}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	m := &target{}
	summary, err := export.Importer{Target: m, SchemaVersion: 9}.Import(t.Context(), order(), bytes.NewReader(operators(t)))
	if err != nil || !m.live || summary.Rows != 2502 || len(summary.Sections) != 3 || m.batches != 4 {
		t.Fatalf("%+v, %v, %d batches", summary, err, m.batches)
	}
	for table, rows := range sample().rows {
		if fmt.Sprint(m.rows[table]) != fmt.Sprint(rows) {
			t.Errorf("%s differs", table)
		}
	}
	checked, err := export.Check(bytes.NewReader(operators(t)))
	if err != nil || checked.Rows != 2502 || !strings.Contains(checked.String(), "2502 rows in 3 tables") {
		t.Errorf("%v, %v", checked, err)
	}
}

// Whatever of a stream is cut off, changed, doubled, left out or put elsewhere
// is noticed, and nothing is left of it.
func TestBrokenStreamsAreRefused(t *testing.T) {
	t.Parallel()
	whole := operators(t)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	broken := map[string][]byte{
		"nothing": nil, "text": []byte("hello\n"), "another format": []byte(`{"header":{"format":"x","version":1}}` + "\n"),
		"something behind": append(bytes.Clone(whole), "\n"...), "twice": append(bytes.Clone(whole), whole...),
	}
	for n := 0; n < len(whole); n += 1 + len(whole)/97 {
		broken[fmt.Sprint("cut at ", n)] = whole[:n]
		changed := bytes.Clone(whole)
		changed[n] ^= 1
		broken[fmt.Sprint("changed at ", n)] = changed
	}
	for n := 0; n < len(lines)-1; n += 1 + len(lines)/53 {
		without := bytes.Join(append(append([][]byte{}, lines[:n]...), lines[n+1:]...), nil)
		broken[fmt.Sprint("without line ", n+1)] = without
		doubled := bytes.Join(append(append([][]byte{}, lines[:n+1]...), lines[n:]...), nil)
		broken[fmt.Sprint("line doubled ", n+1)] = doubled
		if n+2 < len(lines) && !bytes.Equal(lines[n], lines[n+1]) {
			swapped := append([][]byte{}, lines...)
			swapped[n], swapped[n+1] = swapped[n+1], swapped[n]
			broken[fmt.Sprint("lines swapped ", n+1)] = bytes.Join(swapped, nil)
		}
	}
	for name, stream := range broken {
		m := &target{}
		_, err := export.Importer{Target: m, SchemaVersion: 8}.Import(t.Context(), order(), bytes.NewReader(stream))
		if code := fault.CodeOf(err); code != fault.Malformed && code != fault.Invalid || m.live || m.rows != nil {
			t.Errorf("%s: %v; live %v, %d tables left", name, err, m.live, len(m.rows))
		}
	}
}

func TestImportsThatMustNotBe(t *testing.T) {
	t.Parallel()
	good := operators(t)
	other := export.NewSigner([]byte("another cell's"))
	for name, c := range map[string]struct {
		stream []byte
		change func(*export.Order)
		says   string
	}{
		"of another tenant":    {good, func(o *export.Order) { o.TenantID = tenancy.NewID() }, "another tenant"},
		"of an untrusted cell": {good, func(o *export.Order) { o.Trusted = []string{other.PublicKey()} }, "not trusted"},
		"under an old epoch":   {good, func(o *export.Order) { o.Epoch = 2 }, "epoch 3"},
		"newer format":         {bytes.Replace(good, []byte(`"version":1`), []byte(`"version":2,"x":1`), 1), nil, "format version 2"},
		"newer schema":         {write(t, sample(), export.Exporter{SchemaVersion: 9, Secrets: true, Signer: signer}), nil, "schema version 9"},
		"without secrets":      {write(t, sample(), export.Exporter{SchemaVersion: 8}), nil, "own copy"},
		"forged signer":        {bytes.Replace(good, []byte(signer.PublicKey()), []byte(other.PublicKey()), 1), func(o *export.Order) { o.Trusted = []string{other.PublicKey()} }, "broken"},
	} {
		o, m := order(), &target{}
		if c.change != nil {
			c.change(&o)
		}
		_, err := export.Importer{Target: m, SchemaVersion: 8}.Import(t.Context(), o, bytes.NewReader(c.stream))
		if err == nil || !strings.Contains(err.Error(), c.says) || m.live || m.rows != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestImportThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	m := &target{fail: func(table string) error {
		if table == "projects" {
			return errors.New("disk full")
		}
		return nil
	}}
	_, err := export.Importer{Target: m, SchemaVersion: 8}.Import(t.Context(), order(), bytes.NewReader(operators(t)))
	if err == nil || m.live || m.rows != nil {
		t.Errorf("%v, live %v, rows %v", err, m.live, m.rows)
	}
}

func TestCopyWithoutSecretsIsNotSigned(t *testing.T) {
	t.Parallel()
	stream := write(t, sample(), export.Exporter{SchemaVersion: 8})
	summary, err := export.Check(bytes.NewReader(stream))
	if err != nil || summary.Header.Signer != "" || summary.Header.Secrets || bytes.Contains(stream, []byte("signature")) {
		t.Errorf("%+v, %v", summary.Header, err)
	}
}

func FuzzReader(f *testing.F) {
	good := operators(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"header":{"format":"coditect-tenant-export","version":1}}` + "\n" + `{"section":{"table":"t"}}` + "\n" + `{"row":{}}` + "\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		summary, err := export.Check(bytes.NewReader(stream))
		if err != nil {
			return
		}
		// What is taken is whole: as many lines as its summary says.
		if n := int64(bytes.Count(stream, []byte("\n"))); n != summary.Rows+2*int64(len(summary.Sections))+2 {
			t.Errorf("%d lines, %+v", n, summary)
		}
		if _, err := json.Marshal(summary); err != nil {
			t.Error(err)
		}
	})
}
