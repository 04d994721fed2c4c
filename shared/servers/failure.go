package servers

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

// tailLines is how much of its log a failed process shows.
const tailLines = 15

// FailedError reports a process that did not become ready.
type FailedError struct {
	// Name is the process's, Log the path of its log file.
	Name, Log string
	// Tail holds the log's last lines.
	Tail string
	// Cause is how it ended, or why it counts as failed.
	Cause error
}

func (e *FailedError) Error() string {
	if e.Tail == "" {
		return fmt.Sprintf("%s: %v (its log %s is empty)", e.Name, e.Cause, e.Log)
	}
	return fmt.Sprintf("%s: %v\nthe end of %s:\n%s", e.Name, e.Cause, e.Log, indent(e.Tail))
}

func (e *FailedError) Unwrap() error { return e.Cause }

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

// tailBytes bounds how far back Tail looks.
const tailBytes = 16 << 10

// Tail returns the last lines of a file, or "" when it cannot be read: it is
// for messages about something else that went wrong.
func Tail(path string, lines int) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // only read
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	raw := make([]byte, min(size, tailBytes))
	if _, err := file.ReadAt(raw, size-int64(len(raw))); err != nil {
		return ""
	}
	split := bytes.Split(bytes.TrimRight(raw, "\n"), []byte("\n"))
	return string(bytes.Join(split[max(0, len(split)-lines):], []byte("\n")))
}
