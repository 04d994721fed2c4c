package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/person"
)

// refusals compares how long it takes to refuse an address that nobody has with
// how long it takes to refuse a wrong password: whoever could tell them apart
// would know who has an account. The attempts come one after another, in pairs.
func refusals(ctx context.Context, people []person.Person, pairs int, f *figures.Figures) error {
	ticker := time.NewTicker(time.Minute / time.Duration(perPerson*len(people)))
	defer ticker.Stop()
	for _, page := range []struct {
		figure string
		path   func(person.Person) string
	}{
		{"refusal_by_address_unknown_vs_wrong", func(person.Person) string { return "/login" }},
		{"refusal_at_tenant_unknown_vs_wrong", func(p person.Person) string { return "/t/" + p.Slug }},
	} {
		var wrong, unknown []time.Duration
		for i := range pairs {
			known := people[i%len(people)]
			known.Password = "not the password"
			nobody := known
			nobody.Email = fmt.Sprintf("nobody-%d@%s.example", i, known.Slug)
			for _, attempt := range []struct {
				who  person.Person
				took *[]time.Duration
			}{{known, &wrong}, {nobody, &unknown}} {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-ticker.C:
				}
				took, err := attempt.who.Attempt(ctx, page.path(attempt.who))
				if err == nil {
					return errors.New("a wrong password signed somebody in")
				}
				if !person.Refused(err) {
					return err
				}
				*attempt.took = append(*attempt.took, took)
			}
		}
		a, b := median(wrong), median(unknown)
		f.AtMost(page.figure, float64(max(a, b))/float64(min(a, b)), "x", 1.1)
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
