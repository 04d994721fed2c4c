//go:build smuggling

package smuggling_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

// sighting is one request as a server behind the router says it was sent.
type sighting struct {
	server               string
	id                   string
	method, target, host string
	unseen               unseen // what this server does not say
	body                 digest
	whole                bool   // the body came to its end
	refused              bool   // the server could not read it; line is all that it says
	line                 string // its first line
	wrong                string // what no client's request may have become
}

// unseen says which parts of a sighting are not known.
type unseen struct{ host, query, body bool }

// digest stands for a body.
type digest struct {
	size int
	sum  [sha256.Size]byte
}

func digestOf(body string) digest { return digest{len(body), sha256.Sum256([]byte(body))} }

func (d digest) String() string { return fmt.Sprintf("%d octets %x", d.size, d.sum[:4]) }

func (s *sighting) String() string {
	if s.refused {
		return fmt.Sprintf("%s refused %q", s.server, s.line)
	}
	return fmt.Sprintf("%s saw %s %s %s %s, body %s, whole %t %s", s.server, s.id, s.method, s.host, s.target, s.body, s.whole, s.wrong)
}

// once are headers that the router sets, and that no client's stand beside;
// never are those that no request here may have.
var (
	once = []string{
		cellapi.HeaderTenantID, cellapi.HeaderTenantEpoch, cellapi.HeaderRequestID, cellapi.HeaderTimestamp, cellapi.HeaderSignature,
		"X-Edge-Deadline", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", cellapi.HeaderTraceparent,
	}
	never = []string{cellapi.HeaderPrincipal, cellapi.HeaderTenantState, cellapi.HeaderTenantCell, "Forwarded", "X-Real-Ip"}
)

// wrongIn says what is wrong with a request that came from the router, or "".
// Underscores count as hyphens: there are servers to which they are the same.
func wrongIn(r *http.Request, signer *cellapi.Signer, owner tenancy.ID) string {
	seen := map[string]int{}
	for name, values := range r.Header {
		seen[strings.ToLower(strings.ReplaceAll(name, "_", "-"))] += len(values)
	}
	for _, name := range once {
		if n := seen[strings.ToLower(name)]; n != 1 {
			return fmt.Sprintf("%s stands there %d times", name, n)
		}
	}
	for _, name := range never {
		if seen[strings.ToLower(name)] != 0 {
			return name + " stands there"
		}
	}
	if len(r.Trailer) > 0 {
		return "it has trailers"
	}
	if err := signer.VerifyRequest(r, time.Now()); err != nil {
		return err.Error()
	}
	if id := r.Header.Get(cellapi.HeaderTenantID); id != owner.String() {
		return "it is tenant " + id + "'s"
	}
	return ""
}

// probe tells the router's health checks, which carry no id and no signature.
func probe(method, target, id string) bool { return method == "HEAD" && target == "/" && id == "" }
