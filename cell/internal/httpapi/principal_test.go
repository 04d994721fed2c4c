package httpapi_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/internal/httpapi"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

func TestPrincipals(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	for name, c := range map[string]struct {
		principal     cellapi.Principal
		user, machine bool
	}{
		"user":                    {cellapi.Principal{Subject: id, Roles: []string{"admin"}}, true, false},
		"user through an app":     {cellapi.Principal{Subject: id, Client: "app"}, true, false},
		"user in capitals":        {cellapi.Principal{Subject: strings.ToUpper(id), Client: "app"}, true, false},
		"machine":                 {cellapi.Principal{Subject: "robot", Client: "robot", Roles: []string{"viewer"}}, false, true},
		"machine of another name": {cellapi.Principal{Subject: "service:x", Client: "robot"}, false, true},
		"machine with a UUID":     {cellapi.Principal{Subject: id, Client: id}, false, true},
		"nobody":                  {cellapi.Principal{Subject: "somebody"}, false, false},
		"zero":                    {cellapi.Principal{Subject: uuid.Nil.String(), Client: "app"}, false, false},
		"NUL":                     {cellapi.Principal{Subject: "a\x00b", Client: "app"}, false, false},
		"line break":              {cellapi.Principal{Subject: "a", Client: "x\ny"}, false, false},
	} {
		token, err := httpapi.ReadPrincipal(c.principal.String())
		if refused := !c.user && !c.machine; refused {
			if fault.CodeOf(err) != fault.Unauthenticated {
				t.Errorf("%s: %+v, %v", name, token, err)
			}
			continue
		}
		if err != nil || token.Machine != c.machine || (token.UserID != uuid.Nil) != c.user || token.Client != c.principal.Client ||
			len(token.Roles) != len(c.principal.Roles) {
			t.Errorf("%s: %+v, %v", name, token, err)
		}
	}
}

func FuzzPrincipal(f *testing.F) {
	f.Add((&cellapi.Principal{Subject: "robot", Client: "robot", Roles: []string{"owner"}}).String())
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"01900000-0000-7000-8000-000000000000","scp":["a:b"]}`)))
	f.Add("")
	f.Fuzz(func(t *testing.T, header string) {
		token, err := httpapi.ReadPrincipal(header)
		if err != nil {
			if fault.CodeOf(err) != fault.Unauthenticated {
				t.Fatal(err)
			}
			return
		}
		if token.Machine == (token.UserID != uuid.Nil) || token.Machine && token.Client == "" || strings.ContainsRune(token.Subject+token.Client, 0) {
			t.Fatalf("%q: %+v", header, token)
		}
	})
}

func TestTimeLeft(t *testing.T) {
	t.Parallel()
	garbage := []string{"", "0", "-1", "+5", "1.5", "1s", " 1", "1e3", "0x1", "99999999999999999999", "a"}
	longest := httpapi.TimeLeft("")
	for _, header := range garbage {
		if left := httpapi.TimeLeft(header); left != longest {
			t.Errorf("%q: %s", header, left)
		}
	}
	for header, want := range map[string]time.Duration{"1": time.Millisecond, "250": 250 * time.Millisecond, "4000000000": longest} {
		if left := httpapi.TimeLeft(header); left != want {
			t.Errorf("%q: %s", header, left)
		}
	}
}
