// Command drill does what an operator does after a disaster, on a platform of its
// own whose databases archive their log: each disaster really happens, the
// commands are those of docs/runbooks, read from there and run, and what tenants
// were told is stored is compared with what is there afterwards, row by row.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
)

func main() {
	var o options
	flag.BoolVar(&o.short, "short", false, "fewer tenants, and less time in which they write")
	flag.StringVar(&o.only, "only", "", "only drills whose name contains this: "+strings.Join(names(), ", "))
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	ok, err := run(ctx, o, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

type options struct {
	short bool
	only  string
}

// drill is one disaster and the way out of it. It returns what was measured.
type drill struct {
	name string
	do   func(context.Context, *world) error
}

var drills = []drill{
	{"cell-restored", cellRestored},
	{"tenant-restored", tenantRestored},
	{"region-evacuated", regionEvacuated},
	{"region-lost", regionLost},
	{"directory-lost", directoryLost},
	{"database-corrupted", databaseCorrupted},
}

func names() []string {
	var all []string
	for _, d := range drills {
		all = append(all, d.name)
	}
	return all
}

// drillLimit bounds one of them.
const drillLimit = 10 * time.Minute

func run(ctx context.Context, o options, out io.Writer) (ok bool, err error) {
	f := &figures.Figures{Out: out}
	done := 0
	for _, d := range drills {
		if !strings.Contains(d.name, o.only) {
			continue
		}
		done++
		if err := one(ctx, d, o, f); err != nil {
			return false, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	if done == 0 {
		return false, fmt.Errorf("no drill is called %q; there are: %s", o.only, strings.Join(names(), ", "))
	}
	return f.OK(), nil
}

// one gives a drill a platform that nothing has happened to yet.
func one(ctx context.Context, d drill, o options, f *figures.Figures) (err error) {
	ctx, cancel := context.WithTimeout(ctx, drillLimit)
	defer cancel()
	w, err := newWorld(ctx, d.name, o, f)
	if w != nil {
		defer func() {
			if closing := w.close(); err == nil {
				err = closing
			}
		}()
	}
	if err != nil {
		return err
	}
	return d.do(ctx, w)
}
