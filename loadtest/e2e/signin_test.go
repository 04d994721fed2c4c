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
// account that is locked by and by, and an address that nobody has. What differs
// does so with every account; what else the machine does, with one or the other.
func TestRefusalsTakeEquallyLong(t *testing.T) {
	const accounts = 6
	p := platform(t)
	took := map[string]*refusals{"/login": {}, "/t/": {}}
	for range accounts {
		slug := "t" + strings.ToLower(rand.Text()[:12])
		known := person.Person{At: p.State().Endpoints, Slug: slug, Email: "owner@" + slug + ".example", Password: "a password of " + slug}
		if err := known.SignUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		known.Password = "not the password"
		unknown := known
		unknown.Email = "nobody@" + slug + ".example"
		took["/login"].add(t, "/login", known, unknown)
		took["/t/"].add(t, "/t/"+slug, known, unknown)
		if took["/login"].alike() && took["/t/"].alike() {
			return
		}
	}
	for path, r := range took {
		t.Errorf("at %s, known addresses are refused after %s and unknown ones after %s", path, median(r.known), median(r.unknown))
	}
}

// refusals are how long it took to refuse somebody and nobody.
type refusals struct{ known, unknown []time.Duration }

func (r *refusals) add(t *testing.T, path string, known, unknown person.Person) {
	t.Helper()
	const pairs = 5 // of both paths together, an account's limit
	for range pairs {
		var both sync.WaitGroup // at the same time: what else the machine does hits both
		attempt := func(who person.Person, into *[]time.Duration) {
			both.Go(func() {
				d, err := who.Attempt(t.Context(), path)
				if !person.Refused(err) {
					t.Errorf("%s: %v", who.Email, err)
				}
				*into = append(*into, d)
			})
		}
		attempt(known, &r.known)
		attempt(unknown, &r.unknown)
		both.Wait()
	}
}

func (r *refusals) alike() bool {
	a, b := median(r.known), median(r.unknown)
	return (a - b).Abs() <= max(a, b)/10
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}
