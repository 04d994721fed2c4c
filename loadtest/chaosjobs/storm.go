package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
)

// home is the cell of all tenants here.
const home = "cell-a"

// victims are the processes that jobs need.
var victims = []string{home + "-worker", "rabbitmq", "pg-" + home, home + "-api"}

// Between two kills there is work for so long, and a process is away for so
// long before it is started again.
const (
	shortestCalm, longestCalm = time.Second, 4 * time.Second
	longestAway               = 2 * time.Second
)

// storm kills.
type storm struct {
	fleet  *fleet.Fleet
	ledger *ledger
	rand   *rand.Rand
	out    io.Writer
}

// blow kills so many times, each victim as often as the others.
func (s storm) blow(ctx context.Context, kills int) error {
	var order []string
	for n := range kills {
		if n%len(victims) == 0 {
			order = append([]string(nil), victims...)
			s.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		victim := order[n%len(victims)]
		if err := s.between(ctx, shortestCalm, longestCalm); err != nil {
			return err
		}
		if err := s.fleet.Kill(ctx, victim); err != nil {
			return err
		}
		if err := s.between(ctx, 0, longestAway); err != nil {
			return err
		}
		if err := s.revive(ctx, victim); err != nil {
			return err
		}
		if err := s.ledger.collectMails(ctx); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(s.out, "%3d of %d  %-14s %d jobs asked for\n", n+1, kills, victim, s.ledger.asked())
	}
	return nil
}

// revive starts a process again and again until it serves, as a supervisor
// would: Postgres, for one, waits for the children of the one that was killed.
func (s storm) revive(ctx context.Context, victim string) error {
	const tries, pause = 10, time.Second
	for try := 1; ; try++ {
		err := s.fleet.Restart(ctx, victim)
		if err == nil || try == tries {
			return err
		}
		if err := s.between(ctx, pause, 2*pause); err != nil {
			return err
		}
	}
}

func (s storm) between(ctx context.Context, from, to time.Duration) error {
	timer := time.NewTimer(from + time.Duration(s.rand.Int64N(int64(to-from))))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
