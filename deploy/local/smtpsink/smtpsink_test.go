package smtpsink_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/coditect/platform/deploy/local/smtpsink"
	"github.com/coditect/platform/shared/testkit"
)

const mail = "From: welcome@localhost\r\nTo: ada@acme.example\r\nSubject: =?utf-8?q?Willkommen_=C3=BC?=\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHello =C3=BC <script>\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+SGVsbG88L2I+\r\n--b--\r\n"

// serve runs a sink and returns its addresses and what stops it.
func serve(t *testing.T, dir string) (mailAddress, pageURL string, stop func()) {
	t.Helper()
	ports := testkit.FreePorts(t, 2)
	mailAddress = fmt.Sprintf("127.0.0.1:%d", ports[0])
	page := fmt.Sprintf("127.0.0.1:%d", ports[1])
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- smtpsink.Serve(ctx, smtpsink.Options{SMTPListen: mailAddress, Listen: page, Dir: dir, Log: slog.New(slog.DiscardHandler)})
	}()
	testkit.EventuallyOK(t, "the sink", func() error {
		conn, err := net.Dial("tcp", page)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	return mailAddress, "http://" + page, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func messages(t *testing.T, page, query string) []smtpsink.Message {
	t.Helper()
	var answer struct{ Messages []smtpsink.Message }
	if err := json.Unmarshal([]byte(get(t, page+"/api/messages"+query)), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Messages
}

func TestMailsAreShownAndSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	address, _, stop := serve(t, dir)
	for _, to := range []string{"ada@acme.example", "grace@globex.example"} {
		if err := smtp.SendMail(address, nil, "welcome@localhost", []string{to}, []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	_, page, stop := serve(t, dir)
	defer stop()

	all := messages(t, page, "")
	if len(all) != 2 || all[0].To[0] != "grace@globex.example" {
		t.Fatalf("got %+v", all)
	}
	one := messages(t, page, "?to=Ada@acme.example")
	if len(one) != 1 {
		t.Fatalf("got %+v", one)
	}
	m := one[0]
	if m.Subject != "Willkommen ü" || strings.TrimSpace(m.Text) != "Hello ü <script>" || m.HTML != "<b>Hello</b>" {
		t.Errorf("read %+v", m)
	}
	if list := get(t, page+"/"); !strings.Contains(list, "Willkommen ü") {
		t.Errorf("the list:\n%s", list)
	}
	if shown := get(t, page+"/messages/"+m.ID); !strings.Contains(shown, "Hello ü &lt;script&gt;") {
		t.Errorf("the mail:\n%s", shown)
	}
}

func TestOnlyTheNewestAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, err := smtpsink.OpenStore(dir, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := store.Add("a@b.example", []string{"c@d.example"}, fmt.Sprintf("Subject: %d\r\n\r\ntext", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // as it is, and as it is read again
		kept := store.Messages("")
		if len(kept) != 3 || kept[0].Subject != "4" || kept[2].Subject != "2" {
			t.Errorf("kept %+v", kept)
		}
		if store, err = smtpsink.OpenStore(dir, 3); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatIsNoMailIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	store, err := smtpsink.OpenStore(t.TempDir(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"", "no header", "Content-Type: multipart/mixed; boundary=x\r\n\r\nbroken"} {
		if err := store.Add("", nil, source); err != nil {
			t.Errorf("%q: %v", source, err)
		}
	}
	if got := store.Messages("")[1].Text; got != "no header" {
		t.Errorf("text %q", got)
	}
}
