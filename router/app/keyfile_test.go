package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
)

func TestKeysOutliveTheIssuer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.jwks")
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) }))
	fetch := func() (string, error) {
		resp, err := (&http.Client{Transport: newKeyFile(path)}).Get(issuer.URL)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		return string(raw), err
	}
	if got, err := fetch(); err != nil || got != `{"keys":[]}` {
		t.Fatalf("%q %v", got, err)
	}
	issuer.Close()
	if got, err := fetch(); err != nil || got != `{"keys":[]}` {
		t.Errorf("with the issuer down: %q %v", got, err)
	}
	path = filepath.Join(t.TempDir(), "none")
	if _, err := fetch(); err == nil {
		t.Error("keys out of nowhere")
	}
}
