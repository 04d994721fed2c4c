package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// format names the document, and its version.
const format = "coditect-loadtest-1"

// Document is a whole run.
type Document struct {
	Format      string             `json:"format"`
	Scenario    *scenario.Scenario `json:"scenario"`
	Text        string             `json:"text"` // of the scenario's file
	Commit      string             `json:"commit"`
	Machine     Machine            `json:"machine"`
	Processes   int                `json:"processes"`
	Began       time.Time          `json:"began"`
	Took        time.Duration      `json:"took"`
	Interrupted bool               `json:"interrupted"`
	Invalid     []string           `json:"invalid"` // why no figure of it may be believed; empty: none
	Verdicts    []Verdict          `json:"verdicts"`
	Summary     Summary            `json:"summary"` // without warm-up and storms
	Parts       []Part             `json:"parts"`
	Events      []Event            `json:"events"`
	Recording   *record.Recording  `json:"recording"`
}

// Event is something that happened during the run, such as a migration.
type Event struct {
	At   time.Duration `json:"at"`
	Took time.Duration `json:"took"`
	What string        `json:"what"`
	OK   bool          `json:"ok"`
}

// Part is one phase's requests of one step.
type Part struct {
	Phase   string `json:"phase"`
	Step    string `json:"step"`
	Counted bool   `json:"counted"` // in the summary
	Summary
}

// Write writes the document to a file.
func (d *Document) Write(path string) error {
	text, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	const mode = 0o644
	if err := os.WriteFile(path, append(text, '\n'), mode); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// errNoReport says that a file is something else.
var errNoReport = errors.New("this is no report of a load test")

// Read reads a document.
func Read(path string) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	d := &Document{}
	if err := json.Unmarshal(text, d); err != nil || d.Format != format || d.Recording == nil || d.Scenario == nil {
		return nil, fmt.Errorf("report: %s: %w", path, errNoReport)
	}
	return d, nil
}
