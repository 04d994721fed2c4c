package holder

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"

	"github.com/coditect/platform/loadtest/benchrouter/internal/loadgen"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// Part is what one helper holds: Count connections from From to To, connection i
// for tenant First+i.
type Part struct {
	To, From     string
	First, Count int
}

// report is a helper's answer to one line of input.
type report struct {
	Requests, Errors int
	Error            string
}

// Role is the argument that makes a program a helper; a part as JSON follows.
const Role = "hold"

// Serve is the helper's whole life: it opens its connections and asks on each
// of them, again for every line of input, and ends with the input.
func Serve(ctx context.Context, description string, in io.Reader, out io.Writer) error {
	var part Part
	if err := json.Unmarshal([]byte(description), &part); err != nil {
		return err
	}
	to, err := netip.ParseAddrPort(part.To)
	if err != nil {
		return err
	}
	from, err := netip.ParseAddr(part.From)
	if err != nil {
		return err
	}
	held, err := loadgen.NewHeld(loadgen.Options{
		To: to, Connections: part.Count, Requests: inOrder{}, From: part.First, AnswerSize: workload.AnswerSize,
	}, from)
	if err != nil {
		return err
	}
	defer held.Close()
	for lines := bufio.NewScanner(in); lines.Scan(); {
		result, err := held.Ask(ctx)
		if err != nil {
			return err
		}
		r := report{Requests: result.Requests, Errors: result.Errors + result.Refused}
		if result.First != nil {
			r.Error = result.First.Error()
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// inOrder asks for the tenant of the request's number.
type inOrder struct{}

// Append appends the request of tenant i.
func (inOrder) Append(b []byte, i int) []byte { return workload.AppendRequest(b, i) }

// AppendWant appends how its answer begins.
func (inOrder) AppendWant(b []byte, i int) []byte { return workload.AppendWant(b, i, true) }
