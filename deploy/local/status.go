package local

import (
	"context"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"
)

// Condition is what a part is in.
type Condition string

// Conditions.
const (
	Stopped  Condition = "stopped"   // never started, or stopped
	Running  Condition = "running"   // and ready
	NotReady Condition = "not ready" // runs, and does not serve
	Dead     Condition = "dead"      // ended by itself
)

// PartStatus is how a part is.
type PartStatus struct {
	Name      string
	Condition Condition
	PID       int           // 0 when it does not run
	Address   string        // of its most important port
	Uptime    time.Duration // 0 when it does not run
	Log       string
	// Problem is the answer of a part that is not ready, or how one died.
	Problem string
}

// checkLimit bounds the readiness check of one part.
const checkLimit = 3 * time.Second

// Part returns how one part is; the error is for a name that no part has.
func (p *Platform) Part(ctx context.Context, name string) (PartStatus, error) {
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return PartStatus{}, err
	}
	pt, err := findPart(parts, name)
	if err != nil {
		return PartStatus{}, err
	}
	return p.partStatus(ctx, pt), nil
}

// Status returns how all parts are, as the last command left them.
func (p *Platform) Status(ctx context.Context) ([]PartStatus, error) {
	if err := p.state.reload(); err != nil {
		return nil, err
	}
	parts, err := p.layout().parts(p.opts.BinDir)
	if err != nil {
		return nil, err
	}
	statuses := make([]PartStatus, len(parts))
	var asking sync.WaitGroup
	for i, pt := range parts {
		asking.Go(func() { statuses[i] = p.partStatus(ctx, pt) })
	}
	asking.Wait()
	return statuses, nil
}

func (p *Platform) partStatus(ctx context.Context, pt part) PartStatus {
	was, started := p.State().Parts[pt.name]
	status := PartStatus{Name: pt.name, Condition: Stopped, Address: was.Address, Log: pt.spec.Log}
	switch {
	case !started:
		return status
	case !was.Alive():
		status.Condition, status.Problem = Dead, describeDead(pt.name, was)
		return status
	}
	status.Condition, status.PID = Running, was.PID
	status.Uptime, _ = was.Uptime() // shown as 0 if the kernel does not say
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	if err := pt.spec.Ready(ctx); err != nil {
		status.Condition, status.Problem = NotReady, fmt.Sprintf("%s is not ready: %v", pt.name, err)
	}
	return status
}

// WriteStatus writes parts as a table, and below it what is wrong.
func WriteStatus(w io.Writer, parts []PartStatus) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "PART\tSTATE\tPID\tADDRESS\tUPTIME") // Flush reports
	for _, s := range parts {
		pid, uptime := "-", "-"
		if s.PID != 0 {
			pid, uptime = fmt.Sprint(s.PID), s.Uptime.Truncate(time.Second).String()
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Condition, pid, orDash(s.Address), uptime)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, s := range parts {
		if s.Problem == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", s.Problem); err != nil {
			return err
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
