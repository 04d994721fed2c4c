package seed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/loadtest/internal/plane"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// Importer is the control plane. The consumer's own interface: a test answers by
// itself.
type Importer interface {
	Import(ctx context.Context, provision string, lines io.Reader, each func(*plane.Imported) error) error
}

// Order is what to make.
type Order struct {
	File     string // of tenants
	Count    int    // in the file, at the end
	Prefix   string // of slugs
	Plan     string
	Region   string // empty: the control plane's choice
	Cell     string // likewise
	Projects int    // of each tenant; at most 100
	Bare     bool   // in the directory only: no keys, no projects, nothing in cells
	AtOnce   int    // tenants that get projects at the same time

	Plane    Importer
	Router   string // base URL
	Domain   string
	Client   *http.Client
	Progress func(what string, done, of int)
}

// most projects that one request makes.
const mostProjects = 100

// Validate says what cannot be made.
func (o *Order) Validate() error {
	const mostTenants = 10_000_000
	switch {
	case o.Count < 1 || o.Count > mostTenants:
		return fmt.Errorf("tenants: use 1 to %d", mostTenants)
	case o.Projects < 0 || o.Projects > mostProjects:
		return fmt.Errorf("projects: use 0 to %d", mostProjects)
	case o.Bare && o.Projects > 0:
		return errors.New("projects: tenants that are in the directory only have none")
	}
	return nil
}

// errManyFailed ends a seeding that gets nowhere.
var errManyFailed = errors.New("seed: too many tenants could not be made")

// Run makes what is missing.
func (o *Order) Run(ctx context.Context) (err error) {
	book, err := openBook(o.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close()) }()
	if err := o.importMissing(ctx, book); err != nil {
		return err
	}
	if err := o.complete(ctx, book); err != nil {
		return err
	}
	return book.finish(o.Count)
}

// importMissing imports until file and journal have enough. Numbers go on where
// the last import ended.
func (o *Order) importMissing(ctx context.Context, b *book) error {
	for from := b.next; b.known() < o.Count; {
		missing := o.Count - b.known()
		before := b.known()
		reader, writer := io.Pipe()
		go func() { _ = writer.CloseWithError(o.write(writer, from, missing)) }() // a broken stream is seen by the import
		var failure string
		err := o.Plane.Import(ctx, o.provision(), reader, func(one *plane.Imported) error {
			if why := one.Why(); why != "" {
				failure = why
			}
			if one.Status == "failed" || one.Status == "exists" && !o.Bare {
				return nil // a key that nobody has: another tenant takes the place
			}
			o.Progress("imported", b.known()+1, o.Count)
			t := tenants.Tenant{ID: one.ID, Slug: one.Slug, Cell: one.Cell, Key: one.Key}
			return b.keep(&t, o.Projects == 0)
		})
		_ = reader.Close() // the writer is not waited for, if the import ended early
		if err := errors.Join(err, b.flush()); err != nil {
			return err
		}
		if b.known() == before && failure != "" {
			return fmt.Errorf("%w: %s", errManyFailed, failure)
		}
		from += missing
	}
	return nil
}

func (o *Order) provision() string {
	if o.Bare {
		return "directory"
	}
	return "cells"
}

// write writes import lines.
func (o *Order) write(w io.Writer, from, count int) error {
	const buffer = 1 << 20
	out := bufio.NewWriterSize(w, buffer)
	more := ""
	for name, value := range map[string]string{"region": o.Region, "cell": o.Cell} {
		if value != "" {
			more += fmt.Sprintf(`,%q:%q`, name, value)
		}
	}
	for i := from; i < from+count; i++ {
		slug := fmt.Sprintf("%s-%07d", o.Prefix, i)
		if _, err := fmt.Fprintf(out, `{"slug":%q,"organization":"Organization %d","plan":%q,"owner":{"name":"Olga Owner","email":"owner@%s.example"}%s}`+"\n", slug, i, o.Plan, slug, more); err != nil {
			return err
		}
	}
	return out.Flush()
}

// complete gives the journal's tenants their projects.
func (o *Order) complete(ctx context.Context, b *book) error {
	group, filling := errgroup.WithContext(ctx)
	group.SetLimit(max(1, o.AtOnce))
	for _, t := range b.waiting() {
		if filling.Err() != nil {
			break
		}
		group.Go(func() error {
			if err := o.fill(filling, &t); err != nil {
				return fmt.Errorf("seed: %s: %w", t.Slug, err)
			}
			done, err := b.whole(&t)
			o.Progress("filled", done, o.Count)
			return err
		})
	}
	return errors.Join(group.Wait(), ctx.Err())
}

// patience with one request of a platform that is busy.
const patience = 30 * time.Second

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("seed: %w", err)
	}
	return nil
}
