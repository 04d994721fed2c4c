package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

const (
	// shownFailures is how many failed lines a person is shown one by one.
	shownFailures = 20
	progressEvery = 200 * time.Millisecond
)

// tally counts and keeps the results of an import.
type tally struct {
	p        *program
	results  *os.File // nil: not asked for
	size     int64    // bytes of the input, -1 if unknown
	sent     atomic.Int64
	began    time.Time
	shown    time.Time // when the progress line was last written
	progress bool      // there is a progress line on the screen
	sums     api.ImportSummary
	failures []api.ImportResult // the first ones, or all for -o json
}

// importView is the one document of -o json.
type importView struct {
	api.ImportSummary
	Seconds  float64            `json:"seconds"`
	Failures []api.ImportResult `json:"failures"`
}

// read takes the answer line by line. It is complete only if it ends with
// "done".
func (t *tally) read(body io.Reader) error {
	lines := json.NewDecoder(body)
	for {
		var raw json.RawMessage
		var result api.ImportResult
		if err := lines.Decode(&raw); err != nil {
			t.clear()
			return fmt.Errorf("the answer was cut off after %s: %w", plural(t.total(), "line"), innermost(err))
		}
		if err := json.Unmarshal(raw, &result); err != nil {
			return errors.New("the answer has a line that is not an import result")
		}
		if err := t.keep(raw); err != nil {
			return fmt.Errorf("keep a result: %w", err)
		}
		if result.Status == api.Done {
			t.sums = deref(result.Summary)
			return nil
		}
		t.count(result)
	}
}

func (t *tally) total() int64 { return t.sums.Created + t.sums.Exists + t.sums.Failed }

func (t *tally) count(result api.ImportResult) {
	switch result.Status {
	case api.Created:
		t.sums.Created++
	case api.Exists:
		t.sums.Exists++
	case api.Failed:
		t.sums.Failed++
		t.fail(result)
	}
	if now := t.p.opts.Now(); t.p.opts.StderrTerminal && now.Sub(t.shown) >= progressEvery {
		t.shown, t.progress = now, true
		_, _ = fmt.Fprintf(t.p.opts.Stderr, "\r\x1b[K%s", t.line(now))
	}
}

// line is the progress line.
func (t *tally) line(now time.Time) string {
	done := thousands(t.total()) + " tenants"
	if t.size > 0 {
		done += fmt.Sprintf(", %d%% sent", min(100, t.sent.Load()*100/t.size))
	}
	return fmt.Sprintf("%s, %s/s, %s failed", done, thousands(t.rate(now)), thousands(t.sums.Failed))
}

func (t *tally) rate(now time.Time) int64 {
	return int64(float64(t.total()) / max(now.Sub(t.began).Seconds(), 0.001))
}

// clear removes the progress line.
func (t *tally) clear() {
	if t.progress {
		t.progress = false
		_, _ = io.WriteString(t.p.opts.Stderr, "\r\x1b[K")
	}
}

func (t *tally) fail(result api.ImportResult) {
	switch t.p.flags.output {
	case formatJSON:
		t.failures = append(t.failures, result)
	case formatTable, formatWide:
		if t.sums.Failed <= shownFailures {
			t.clear()
			t.p.note("%s", oneLine(failedLine(result)))
		}
	}
}

func failedLine(result api.ImportResult) string {
	said := &fault.Error{Code: fault.Internal}
	if e := result.Error; e != nil {
		said = &fault.Error{Code: e.Code, Message: e.Detail, Violations: e.Violations}
	}
	where := fmt.Sprintf("line %d", result.Line)
	if slug := deref(result.Slug); slug != "" {
		where += " (" + slug + ")"
	}
	return where + ": " + strings.TrimSpace(faultFailure(said).Error())
}

// finish shows the sums; failed lines make the command fail.
func (t *tally) finish() error {
	t.clear()
	now := t.p.opts.Now()
	if err := t.show(now); err != nil {
		return err
	}
	if t.sums.Failed == 0 {
		return nil
	}
	if rest := t.sums.Failed - shownFailures; rest > 0 && !t.p.flags.output.forPrograms() {
		t.p.note("… and %s more, see --results and -o jsonl", thousands(rest))
	}
	return failed("import tenants: %s of %s failed", thousands(t.sums.Failed), plural(t.total(), "line")).
		withHint("correct these lines and import the file again: what is there already is counted as existing")
}

func (t *tally) show(now time.Time) error {
	switch t.p.flags.output {
	case formatJSONL: // the last result line has the sums
		return nil
	case formatJSON:
		if t.failures == nil {
			t.failures = []api.ImportResult{}
		}
		return t.p.writeDocument(importView{ImportSummary: t.sums, Seconds: now.Sub(t.began).Seconds(), Failures: t.failures})
	}
	_, err := fmt.Fprintf(t.p.opts.Stdout, "%s created, %s there already, %s failed in %s (%s/s)\n", thousands(t.sums.Created),
		thousands(t.sums.Exists), thousands(t.sums.Failed), now.Sub(t.began).Round(100*time.Millisecond), thousands(t.rate(now)))
	return err
}

func (t *tally) close() error {
	t.clear()
	if t.results == nil {
		return nil
	}
	return t.results.Close()
}
