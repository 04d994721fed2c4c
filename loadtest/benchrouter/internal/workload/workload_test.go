package workload_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

func TestTenantsAreDistinctAndValid(t *testing.T) {
	t.Parallel()
	ids := map[tenancy.ID]bool{}
	for n := range 20_000 {
		slug := string(workload.Slug(n))
		if _, err := tenancy.ParseSlug(slug); err != nil {
			t.Fatal(err)
		}
		id := workload.ID(n)
		if id[6]>>4 != 7 || id[8]>>6 != 2 || ids[id] {
			t.Fatalf("tenant %d: id %s is no UUIDv7, or another's", n, id)
		}
		ids[id] = true
	}
	if got := workload.Host(1_234_567); got != "org-1234567.bench.example" {
		t.Errorf("host %s", got)
	}
}

func TestShuffledVisitsEveryTenantOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 5000).Draw(r, "tenants")
		from := rapid.IntRange(0, 1_000_000_000).Draw(r, "from")
		seen := make([]bool, n)
		for i := range n {
			at := workload.Shuffled(from+i, n)
			if seen[at] {
				r.Fatalf("%d twice", at)
			}
			seen[at] = true
		}
	})
}

// The answer that a cell gives to a request is the one that is wanted, and no
// other cell's, host's or tenant's.
func TestAnswersMatchWhatIsWanted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n, m := rapid.IntRange(0, 9_999_999).Draw(r, "n"), rapid.IntRange(0, 9_999_999).Draw(r, "m")
		answer := func(cell, host, id int) []byte {
			return workload.AppendAnswer(nil, cell, []byte(workload.Host(host)), []byte(workload.ID(id).String()))
		}
		want := workload.AppendWant(nil, n, true)
		if got := answer(workload.CellOf(n), n, n); !bytes.HasPrefix(got, want) || len(got) != workload.AnswerSize {
			r.Errorf("%q, want %q", got, want)
		}
		if n == m {
			return
		}
		for _, other := range [][]byte{answer((workload.CellOf(n)+1)%workload.Cells, n, n), answer(workload.CellOf(n), m, n), answer(workload.CellOf(n), n, m)} {
			if bytes.HasPrefix(other, want) {
				r.Errorf("%q is taken for %q", other, want)
			}
		}
	})
}

type sink struct {
	cells, tenants int
	wrong          []string
}

func (s *sink) Cell(directory.Cell) error { s.cells++; return nil }

func (s *sink) Tenant(a *directory.Assignment) error {
	n := s.tenants
	s.tenants++
	if a.TenantID != workload.ID(n) || a.Slug != workload.Slug(n) || a.Cell != workload.CellName(workload.CellOf(n)) || a.State != directory.Active {
		s.wrong = append(s.wrong, a.TenantID.String())
	}
	return nil
}

func TestFilesSayTheSame(t *testing.T) {
	t.Parallel()
	const tenants = 3000
	dir := t.TempDir()
	snapshot, hosts, ids := filepath.Join(dir, "s"), filepath.Join(dir, "h"), filepath.Join(dir, "i")
	urls := strings.Fields(strings.Repeat("http://127.0.0.1:1 ", workload.Cells))
	for _, err := range []error{workload.WriteSnapshot(snapshot, tenants, urls), workload.WriteHostMap(hosts, tenants, ";"), workload.WriteIDMap(ids, tenants)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s sink
	if _, err := directory.ReadSnapshot(f, &s); err != nil || s.cells != workload.Cells || s.tenants != tenants || len(s.wrong) > 0 {
		t.Errorf("%d cells, %d tenants, wrong: %v, %v", s.cells, s.tenants, s.wrong, err)
	}
	for path, want := range map[string]string{
		hosts: workload.Host(7) + " " + workload.CellName(workload.CellOf(7)) + ";", ids: workload.ID(7).String() + " " + workload.CellName(workload.CellOf(7)),
	} {
		raw, err := os.ReadFile(path)
		if lines := strings.Split(string(raw), "\n"); err != nil || lines[7] != want || len(lines) != tenants+1 {
			t.Errorf("line %q of %d, want %q, %v", lines[7], len(lines), want, err)
		}
	}
}

func TestTokensAreSignedByThePublishedKey(t *testing.T) {
	t.Parallel()
	issuer, err := workload.NewIssuer()
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := issuer.Tokens(3)
	if err != nil {
		t.Fatal(err)
	}
	key := published(t, issuer)
	for n, token := range tokens {
		parts := strings.Split(token, ".")
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], decode(t, parts[2])); err != nil {
			t.Error(err)
		}
		var claims struct {
			Tenant string `json:"tenant_id"`
		}
		if err := json.Unmarshal(decode(t, parts[1]), &claims); err != nil || claims.Tenant != workload.ID(n).String() {
			t.Errorf("token %d is of tenant %s, %v", n, claims.Tenant, err)
		}
		if request := (workload.Requests{Tokens: tokens}); !bytes.Contains(request.Append(nil, 0), []byte(tokens[request.Tenant(0)])) {
			t.Error("a request is sent without its token")
		}
	}
}

func published(t *testing.T, issuer *workload.Issuer) *rsa.PublicKey {
	t.Helper()
	w := httptest.NewRecorder()
	issuer.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	exponent := new(big.Int).SetBytes(decode(t, set.Keys[0]["e"]))
	return &rsa.PublicKey{N: new(big.Int).SetBytes(decode(t, set.Keys[0]["n"])), E: int(exponent.Int64())}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
