// Command benchidentity measures signing in, on a platform of its own, and prints
// a line a figure: how long a login takes with its password checked in the cell,
// what the verification of access tokens costs the authorization server, and whether
// a refusal's time tells who has an account.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/person"
)

// size is how much is measured.
type size struct{ people, logins, calls, refused int }

func main() {
	short := flag.Bool("short", false, "a tenth of everything, to see that it works")
	flag.Parse()
	n := size{people: 30, logins: 300, calls: 20_000, refused: 90}
	if *short {
		n = size{people: 6, logins: 20, calls: 2_000, refused: 12}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, n, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchidentity:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

func run(ctx context.Context, n size, out io.Writer) (ok bool, err error) {
	counted, err := newCounter()
	if err != nil {
		return false, err
	}
	defer counted.close()
	p, err := start(ctx, counted)
	if err != nil {
		return false, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		if nukeErr := p.Nuke(stopping); nukeErr != nil && err == nil {
			err = nukeErr
		}
	}()
	people, err := signUp(ctx, p, n.people)
	if err != nil {
		return false, err
	}
	f := &figures.Figures{Out: out}
	if err := logins(ctx, people, n.logins, f); err != nil {
		return false, err
	}
	if err := verifications(ctx, people, n.calls, counted, f); err != nil {
		return false, err
	}
	if err := refusals(ctx, people, n.refused, f); err != nil {
		return false, err
	}
	return f.OK(), nil
}

// start starts a platform whose programs find the authorization server through
// the counter.
func start(ctx context.Context, counted *counter) (*local.Platform, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	ports, err := local.FreePorts()
	if err != nil {
		return nil, err
	}
	counted.to(ports["hydra"])
	p, err := local.New(local.Options{
		Root: root, Dir: filepath.Join(root, ".local", "benchidentity"), BinDir: filepath.Join(root, ".local", "bin"), Ports: ports,
		Reach: local.Ports{"hydra": counted.port()}, WithoutTenants: true, Attached: true, Out: os.Stderr,
	})
	if err != nil {
		return nil, err
	}
	return p, p.Up(ctx)
}

// atOnce bounds how many sign up at the same time.
const atOnce = 4

func signUp(ctx context.Context, p *local.Platform, n int) ([]person.Person, error) {
	people := make([]person.Person, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range people {
		slug := fmt.Sprintf("bench-%d", i)
		people[i] = person.Person{At: p.State().Endpoints, Slug: slug, Email: "owner@" + slug + ".example", Password: "the password of " + slug}
		group.Go(func() error { return people[i].SignUp(ctx) })
	}
	return people, group.Wait()
}
