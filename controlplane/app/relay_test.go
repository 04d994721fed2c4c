package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/testkit"
)

// follow returns what the stream holds, in order, once it reaches a version.
func follow(t *testing.T, server servers.NATS, until uint64) []directory.Changes {
	t.Helper()
	conn, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	var consumer jetstream.Consumer
	testkit.EventuallyOK(t, "the stream exists", func() error {
		consumer, err = js.OrderedConsumer(t.Context(), directory.Stream, jetstream.OrderedConsumerConfig{})
		return err
	})
	var runs []directory.Changes
	testkit.EventuallyOK(t, "the stream reaches the version", func() error {
		msg, err := consumer.Next()
		if err != nil {
			return err
		}
		var run directory.Changes
		if err := json.Unmarshal(msg.Data(), &run); err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
		if run.Last() < until {
			return errText("not yet")
		}
		return nil
	})
	return runs
}

// wantGapless applies the runs as a reader does: a run may repeat what the
// reader has, if an acknowledgement was lost, but never begins after it.
func wantGapless(t *testing.T, runs []directory.Changes, until uint64) {
	t.Helper()
	last := uint64(0)
	for _, run := range runs {
		if run.Since > last {
			t.Errorf("a run begins after %d, the one before ended at %d", run.Since, last)
		}
		for i, c := range run.Changes {
			if c.Version != run.Since+1+uint64(i) {
				t.Fatalf("version %d, want %d", c.Version, run.Since+1+uint64(i))
			}
		}
		last = max(last, run.Last())
	}
	if last != until {
		t.Errorf("the stream ends at %d, want %d", last, until)
	}
}

func TestRelaySurvivesNATS(t *testing.T) {
	t.Parallel()
	server := testkit.NATSServer(t)
	process := testkit.Run(t, server)
	opts := options(database(t))
	opts.NATSURL = server.URL()
	p := start(t, opts)
	p.withCell(t, "cell-a", "us-central1", 5000)
	wantGapless(t, follow(t, server, 2), 2)

	if err := process.ID().Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-process.Done()
	p.signUp(t, "meanwhile") // everything else works
	if err := p.ready(); err != nil {
		t.Errorf("not ready without NATS: %v", err)
	}
	var lines strings.Builder
	for i := range 1200 { // more than one message
		fmt.Fprintf(&lines, `{"slug":"shop-%d","organization":"x"}`+"\n", i)
	}
	p.importLines(t, "directory", lines.String())
	testkit.Run(t, server)
	version := p.signUp(t, "afterwards").Tenant.Version
	wantGapless(t, follow(t, server, version), version)
}
