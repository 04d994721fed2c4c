package e2e_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coditect/platform/loadtest/internal/person"
)

// The time of a refusal does not tell who has an account: a wrong password, an
// account that is locked by and by, and an address that nobody has. Other tests share
// the machine: what is found here is a password that is not hashed. `make
// bench-identity` compares to a tenth, on a quiet one.
func TestRefusalsTakeEquallyLong(t *testing.T) {
	p := platform(t)
	slug := "t" + strings.ToLower(rand.Text()[:12])
	known := person.Person{At: p.State().Endpoints, Slug: slug, Email: "owner@" + slug + ".example", Password: "a password of " + slug}
	if err := known.SignUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	known.Password = "not the password"
	unknown := known
	unknown.Email = "nobody@" + slug + ".example"
	for _, path := range []string{"/login", "/t/" + slug} {
		const pairs = 5 // of both paths together, an account's limit
		took := make(map[string][]time.Duration)
		var mu sync.Mutex
		for range pairs {
			var both sync.WaitGroup // at the same time: what else the machine does hits both
			for name, who := range map[string]person.Person{"known": known, "unknown": unknown} {
				both.Go(func() {
					d, err := who.Attempt(t.Context(), path)
					if !person.Refused(err) {
						t.Errorf("%s: %v", name, err)
					}
					mu.Lock()
					defer mu.Unlock()
					took[name] = append(took[name], d)
				})
			}
			both.Wait()
		}
		a, b := median(took["known"]), median(took["unknown"])
		if max(a, b) > 2*min(a, b) {
			t.Errorf("at %s, known addresses are refused after %s and unknown ones after %s", path, a, b)
		}
	}
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}
