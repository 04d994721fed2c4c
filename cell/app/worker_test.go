package app_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// A sign-up's welcome travels row → relay → broker → worker → mail, once.
func TestWelcomeMail(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil)
	tn := p.signUp(t)
	sent := sink.await(t, 1)[0]
	if !strings.Contains(sent.body, "http://"+tn.slug+".localhost:8080") || sent.Header.Get("Subject") != "Welcome to Acme" ||
		sent.Header.Get("To") != `"Ada" <ada@example.org>` {
		t.Errorf("%v\n%s", sent.Header, sent.body)
	}
	job := p.awaitJob(t, tn, api.Done)
	if job.Kind != "welcome_email" || job.Attempts != 1 || sent.Header.Get("Message-ID") != "<"+job.ID.String()+"@localhost>" {
		t.Errorf("%+v, message id %s", job, sent.Header.Get("Message-ID"))
	}
}

func TestMailServerDownIsRetriedAndThenGivenUp(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	sink.refuse(2)
	p.startWorker(t, testkit.RabbitMQ(t), sink, func(o *app.WorkerOptions) { o.FirstRetry = 10 * time.Millisecond })
	tn := p.signUp(t)
	if job := p.awaitJob(t, tn, api.Done); job.Attempts != 3 || job.LastError != "" {
		t.Errorf("%+v", job)
	}
	if n := len(sink.await(t, 1)); n != 1 {
		t.Errorf("%d mails", n)
	}
	sink.refuse(1000)
	hopeless := newTenant()
	path := "/internal/v1/tenants/" + hopeless.id.String()
	expect(t, p.asControlPlane(t, request{method: "PUT", target: path, body: hopeless.arrival()}), 200)
	expect(t, p.asControlPlane(t, request{method: "POST", target: path + "/activate", body: map[string]any{"epoch": 1}}), 200)
	p.exec(t, `UPDATE jobs SET max_attempts = 2 WHERE tenant_id = $1`, hopeless.id.String())
	job := p.awaitJob(t, hopeless, api.Dead)
	if job.LastError != "the mail server did not take the message" {
		t.Errorf("%+v", job)
	}
}

// A broker that forgets everything loses nothing: the rows are the jobs.
func TestLostBrokerLosesNothing(t *testing.T) {
	t.Parallel()
	p, sink := start(t, nil), newSink(t)
	tn := p.signUp(t)
	if n := p.exec(t, `UPDATE jobs SET state = 'queued', updated_at = now() - interval '1 hour' WHERE tenant_id = $1`, tn.id.String()); n != 1 {
		t.Fatalf("%d jobs", n)
	}
	p.startWorker(t, testkit.RabbitMQ(t), sink, nil) // its broker has never heard of the job
	p.awaitJob(t, tn, api.Done)
	if n := p.exec(t, `UPDATE jobs SET state = 'running', updated_at = now() - interval '1 hour' WHERE tenant_id = $1`, tn.id.String()); n != 1 {
		t.Fatalf("%d jobs", n)
	}
	if job := p.awaitJob(t, tn, api.Done); job.Attempts != 2 {
		t.Errorf("after a lost worker: %+v", job)
	}
	ids := map[string]bool{}
	for _, m := range sink.await(t, 2) {
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 1 {
		t.Errorf("the repeated mail has another id: %v", ids)
	}
}

func TestUnreadableMessageIsPutAside(t *testing.T) {
	t.Parallel()
	p, sink, broker := start(t, nil), newSink(t), testkit.RabbitMQ(t)
	p.startWorker(t, broker, sink, nil)
	conn, err := amqp.Dial(broker)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	p.awaitJob(t, p.signUp(t), api.Done) // the queues exist now
	if err := ch.PublishWithContext(t.Context(), "", "cell.jobs", false, false, amqp.Publishing{Body: []byte("not JSON")}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the message among the dead", func() bool {
		m, ok, err := ch.Get("cell.jobs.dead", true)
		return err == nil && ok && string(m.Body) == "not JSON"
	})
	p.awaitJob(t, p.signUp(t), api.Done)
}

func (p *process) startWorker(t *testing.T, broker string, sink *sink, change func(*app.WorkerOptions)) {
	t.Helper()
	opts := app.DefaultWorkerOptions()
	opts.Cell, opts.AdminListen, opts.SMTP, opts.AMQPURL = "cell-test", "127.0.0.1:0", sink.address, broker
	opts.DatabaseURL = testkit.DSNAs(t, p.dsn, citus.AppRole, passwords.App)
	opts.RelayDatabaseURL = testkit.DSNAs(t, p.dsn, citus.RelayRole, passwords.Relay)
	opts.BlobURL = p.blobs
	opts.QueuedLimit, opts.RunningLimit, opts.Poll = time.Second, 3*time.Second, 100*time.Millisecond
	opts.Log = slog.New(slog.NewJSONHandler(p.log, nil))
	if change != nil {
		change(&opts)
	}
	started := make(chan net.Addr, 1)
	opts.Started = func(a net.Addr) { started <- a }
	background(t, started, func(ctx context.Context) error { return app.RunWorker(ctx, opts) })
}

// awaitJob returns the tenant's only job once it is in the state.
func (p *process) awaitJob(t *testing.T, tn tenant, state api.JobState) api.Job {
	t.Helper()
	var list api.JobList
	testkit.Eventually(t, "job "+string(state), func() bool {
		list = api.JobList{}
		a := p.asTenant(t, tn, request{method: "GET", target: "/v1/jobs"})
		return json.Unmarshal(a.body, &list) == nil && len(list.Items) == 1 && list.Items[0].State == state
	})
	return list.Items[0]
}

// sink is a mail server that keeps what it gets, or refuses it.
type sink struct {
	address string

	mu       sync.Mutex
	refusals int
	mails    []received
}

type received struct {
	*mail.Message
	body string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{address: listener.Addr().String()}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return session{s}, nil }))
	server.Domain = "localhost"
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return s
}

func (s *sink) refuse(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = n
}

func (s *sink) await(t *testing.T, n int) []received {
	t.Helper()
	var got []received
	testkit.Eventually(t, "mail", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		got = append([]received(nil), s.mails...)
		return len(got) >= n
	})
	return got
}

type session struct{ sink *sink }

func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (session) Reset()                               {}
func (session) Logout() error                        { return nil }

func (s session) Data(r io.Reader) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if s.sink.refusals > 0 {
		s.sink.refusals--
		return &smtp.SMTPError{Code: 451, Message: "not now"}
	}
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text := m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		text = quotedprintable.NewReader(m.Body)
	}
	body, err := io.ReadAll(text)
	s.sink.mails = append(s.sink.mails, received{m, string(body)})
	return err
}
