package hydra_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/shared/fault"
)

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

func TestTheHookIsForHydraAlone(t *testing.T) {
	t.Parallel()
	hook := hydra.NewHook(hookKey, claims)
	ask := func(key, body string) error {
		r := httptest.NewRequest(http.MethodPost, controlplane.TokenHookPath, strings.NewReader(body))
		r.Header.Set(controlplane.TokenHookHeader, key)
		_, err := hook.Answer(r)
		return err
	}
	for name, c := range map[string]struct {
		key, body string
		want      fault.Code
	}{
		"no key":        {"", `{}`, fault.Unauthenticated},
		"a wrong key":   {hookKey + "x", `{}`, fault.Unauthenticated},
		"not JSON":      {hookKey, `{`, fault.Malformed},
		"not a tenant":  {hookKey, `{"session":{"extra":{"tenant_id":"acme"}}}`, fault.Forbidden},
		"not a session": {hookKey, `{"session":{"extra":{"session":"mine"}}}`, fault.Forbidden},
		"a whole other": {hookKey, `{"session":[]}`, fault.Malformed},
	} {
		if err := ask(c.key, c.body); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What we noted of a login counts within the second that Hydra knows; a session
// that is remembered, and answered again, keeps Hydra's.
func TestWhenSomebodySignedIn(t *testing.T) {
	t.Parallel()
	subject := newUser().Subject
	hook := hydra.NewHook(hookKey, claims)
	for noted, want := range map[string]string{
		"2026-11-27T12:00:00.5Z": "2026-11-27T12:00:00.5Z",
		"2026-11-27T15:00:00.5Z": "2026-11-27T12:00:00Z",
		"yesterday":              "2026-11-27T12:00:00Z",
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{"session":{"extra":{"signed_in_at":"`+noted+`","other":1},
			"id_token":{"subject":"`+subject+`","id_token_claims":{"auth_time":"2026-11-27T12:00:00Z"}}},"request":{"client_id":"console","payload":{"grant_type":["refresh_token"]}}}`))
		r.Header.Set(controlplane.TokenHookHeader, hookKey)
		out, err := hook.Answer(r)
		if err != nil {
			t.Fatal(err)
		}
		asked := claims.requests(subject)
		if got := asked[len(asked)-1].AuthenticatedAt.Format(time.RFC3339Nano); got != want {
			t.Errorf("noted %s: %s, want %s", noted, got, want)
		}
		if raw, _ := json.Marshal(out); !strings.Contains(string(raw), `"other":1`) {
			t.Errorf("not echoed: %s", raw)
		}
	}
}
