package mail_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/mail"
)

func TestAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for addr, from := range map[string]string{"localhost": "a@example.org", "localhost:0": "a@example.org", "localhost:x": "a@example.org", "localhost:25": "nobody"} {
		if _, err := mail.New(addr, from); err == nil {
			t.Errorf("%s, %s: accepted", addr, from)
		}
	}
}

func TestAnAddressThatIsNoneIsNotSent(t *testing.T) {
	t.Parallel()
	m, err := mail.New("127.0.0.1:1", "a@example.org")
	if err != nil {
		t.Fatal(err)
	}
	err = m.Send(t.Context(), cell.Mail{Name: "x", Email: "x@example.org>\r\nRCPT TO:<y@example.org", Text: cell.WelcomeText{}})
	if err == nil || !strings.Contains(err.Error(), "address") {
		t.Errorf("%v", err)
	}
}
