package conduct

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/coditect/platform/loadtest/internal/generate"
	"github.com/coditect/platform/loadtest/internal/record"
)

// liveEvery is how often a process brings what it has.
const liveEvery = 500 * time.Millisecond

// Serve is a generator process: it reads its assignment, generates, and ends with
// its input at the latest.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader := bufio.NewReader(in)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("assignment: %w", err)
	}
	var a Assignment
	if err := json.Unmarshal(line, &a); err != nil {
		return fmt.Errorf("assignment: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, reader) // nothing comes but the end
		cancel()
	}()
	say := json.NewEncoder(out)
	all, err := generate.LoadTenants(a.Scenario)
	if err != nil {
		return say.Encode(message{Failure: err.Error()})
	}
	recorder := record.NewRecorder(generate.ShapeOf(a.Scenario))
	job := &generate.Job{Scenario: a.Scenario, Tenants: all, Share: a.Share, Begin: a.Begin, Source: a.Source, Recorder: recorder}
	over := make(chan error, 1)
	go func() { over <- job.Run(ctx) }()
	ticker := time.NewTicker(liveEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := say.Encode(message{Live: recorder.Live()}); err != nil {
				return fmt.Errorf("nobody listens: %w", err)
			}
		case err := <-over:
			if err != nil {
				return say.Encode(message{Failure: err.Error()})
			}
			return say.Encode(message{Recording: recorder.Recording()})
		}
	}
}
