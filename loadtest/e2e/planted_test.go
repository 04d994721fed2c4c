package e2e_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"testing"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/cellapi"
)

// planted are secrets that the platform was told, or tells, by what they are.
// All requests that plant them belong to one trace.
type planted struct {
	p     *local.Platform
	trace [16]byte
	known map[string]string
}

func newPlanted(p *local.Platform) *planted {
	s := &planted{p: p, known: map[string]string{}}
	_, _ = rand.Read(s.trace[:]) // never fails
	return s
}

// fresh makes a secret up.
func (s *planted) fresh(what string) string { return s.add(what, "planted"+rand.Text()) }

// add adds one that is there already, and returns it. Of what is too short,
// nobody could tell whether it occurs.
func (s *planted) add(what, secret string) string {
	const shortest = 8
	if len(secret) < shortest {
		panic(fmt.Sprintf("%s is %q", what, secret))
	}
	s.known[what] = secret
	return secret
}

// configured adds what the platform's programs were started with.
func (s *planted) configured(t *testing.T) {
	t.Helper()
	secrets := s.p.State().Secrets
	s.texts(reflect.ValueOf(secrets), "secrets")
	for which, master := range map[string]string{"edge": secrets.EdgeKey, "control": secrets.ControlKey} {
		raw, err := hex.DecodeString(master)
		if err != nil {
			t.Fatal(err)
		}
		for cell := range secrets.Cells {
			s.add(which+" key of "+cell, hex.EncodeToString(cellapi.DeriveKey(raw, cell)))
		}
	}
}

// texts adds every text in v, by where it is.
func (s *planted) texts(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		s.add(path, v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			s.texts(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			s.texts(v.MapIndex(key), fmt.Sprintf("%s.%v", path, key))
		}
	default:
	}
}

// send sends a request and returns the answer, whatever it is.
func (s *planted) send(t *testing.T, r request) []byte {
	t.Helper()
	if r.header == nil {
		r.header = map[string]string{}
	}
	r.header["Traceparent"] = fmt.Sprintf("00-%x-b7ad6b7169203331-01", s.trace)
	r.header["Cookie"] = "session=" + s.fresh("cookie of "+r.method+" "+r.url)
	_, answer := send(t, r)
	return answer
}

// post sends a form.
func (s *planted) post(t *testing.T, address string, form url.Values, header map[string]string) {
	t.Helper()
	all := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for name, value := range header {
		all[name] = value
	}
	s.send(t, request{method: http.MethodPost, url: address, body: form.Encode(), header: all})
}

// from adds what a field of an answer has, and returns it.
func (s *planted) from(t *testing.T, what string, answer []byte, field ...string) string {
	t.Helper()
	value := any(nil)
	if err := json.Unmarshal(answer, &value); err != nil {
		t.Fatalf("%s: %v: %s", what, err, answer)
	}
	for _, name := range field {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, ok := value.(string)
	if !ok {
		t.Fatalf("%s has no %v: %s", what, field, answer)
	}
	return s.add(what, text)
}

// found adds what a pattern's group finds in a text, and returns it.
func (s *planted) found(t *testing.T, what, pattern, text string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if match == nil {
		t.Fatalf("%s: nothing is like %s in %s", what, pattern, text)
	}
	return s.add(what, match[1])
}

// judge complains of every secret in a text, and of what stands before it.
func (s *planted) judge(t *testing.T, where string, text []byte) {
	t.Helper()
	const before = 200
	for what, secret := range s.known {
		if i := bytes.Index(text, []byte(secret)); i >= 0 {
			t.Errorf("%s has the %s: …%q", where, what, text[max(0, i-before):i])
		}
	}
}
