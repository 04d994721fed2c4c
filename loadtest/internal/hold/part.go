package hold

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/loadtest/internal/engine"
)

// Part is one process's connections.
type Part struct {
	Address string     `json:"address"` // host:port
	Source  netip.Addr `json:"source"`
	Count   int        `json:"count"`
	First   int        `json:"first"` // number of the first
	Path    string     `json:"path"`
	Expect  int        `json:"expect"` // status
	Users   []User     `json:"users"`  // connection n belongs to the n-th of these, in turn
}

// User is on whose behalf a connection asks.
type User struct {
	Host string `json:"host"`
	Key  string `json:"key,omitempty"`
}

// Answer is what a process says after each round.
type Answer struct {
	Served int    `json:"served"`
	Wrong  int    `json:"wrong"` // not answered, or not as expected
	Lost   int    `json:"lost"`  // opened anew since the first round
	First  string `json:"first"` // what went wrong first
}

const (
	atOnce  = 32 // connections of a process that ask at the same time
	timeout = 30 * time.Second
)

// Serve is one process: its part comes as the first line of in, a round for every
// further one.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	const longest = 64 << 20 // a part names its users
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longest)
	if !lines.Scan() {
		return fmt.Errorf("hold: no part: %w", lines.Err())
	}
	var part Part
	if err := json.Unmarshal(lines.Bytes(), &part); err != nil || len(part.Users) == 0 {
		return fmt.Errorf("hold: no part: %w", err)
	}
	all := make([]*engine.Fast, part.Count)
	for i := range all {
		all[i] = engine.NewFast(engine.Options{Address: part.Address, Timeout: timeout, Source: part.Source})
		defer all[i].Close()
	}
	say := json.NewEncoder(out)
	for {
		if err := say.Encode(part.round(ctx, all)); err != nil {
			return err
		}
		if !lines.Scan() {
			return lines.Err()
		}
	}
}

// round asks on every connection.
func (p *Part) round(ctx context.Context, all []*engine.Fast) *Answer {
	a := &Answer{}
	var mu sync.Mutex
	var next atomic.Int64
	var asking sync.WaitGroup
	for range min(atOnce, len(all)) {
		asking.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all); i = int(next.Add(1)) - 1 {
				user := &p.Users[(p.First+i)%len(p.Users)]
				status, err := all[i].Do(ctx, &engine.Request{Method: "GET", Path: p.Path, Host: user.Host, Key: user.Key})
				mu.Lock()
				a.note(p, all[i], status, err)
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	return a
}

func (a *Answer) note(p *Part, connection *engine.Fast, status int, err error) {
	if connection.Opened() > 1 {
		a.Lost++
	}
	if err == nil && status == p.Expect {
		a.Served++
		return
	}
	a.Wrong++
	if a.First == "" {
		a.First = engine.Code(status, err)
		if err != nil {
			a.First = err.Error()
		}
	}
}

// Add sums up two processes' answers.
func (a *Answer) Add(b *Answer) {
	a.Served, a.Wrong, a.Lost = a.Served+b.Served, a.Wrong+b.Wrong, a.Lost+b.Lost
	if a.First == "" {
		a.First = b.First
	}
}

// most connections of one process.
const most = 17_000

// Split divides connections over targets and processes.
func Split(addresses []string, count int, template Part) (parts []Part) {
	for i, address := range addresses {
		first := count * i / len(addresses)
		for end := count * (i + 1) / len(addresses); first < end; first += most {
			part := template
			part.Address, part.First, part.Count = address, first, min(most, end-first)
			part.Source = netip.AddrFrom4([4]byte{127, 0, 3, byte(1 + len(parts))})
			parts = append(parts, part)
		}
	}
	return slices.Clip(parts)
}
