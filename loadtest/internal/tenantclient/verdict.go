package tenantclient

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Verdict is what became of everything that users were told.
type Verdict struct {
	Acknowledged int      // entries of the list
	Lost         int      // of those, not there
	Doubled      int      // there more than once
	Strange      int      // there, and nobody asked for it
	Stale        []string // registers whose history cannot be explained
}

// Clean reports that nothing is wrong.
func (v Verdict) Clean() bool { return v.Lost+v.Doubled+v.Strange+len(v.Stale) == 0 }

func (v Verdict) String() string {
	return fmt.Sprintf("%d acknowledged, %d lost, %d doubled, %d strange, registers: %v", v.Acknowledged, v.Lost, v.Doubled, v.Strange, v.Stale)
}

// judgeLimit bounds the check of one register.
const judgeLimit = 30 * time.Second

// Judge looks at what is there now. Users must have been stopped.
func (u *Users) Judge(ctx context.Context) (Verdict, error) {
	found, err := u.tenant.list(ctx, u.workspace)
	if err != nil {
		return Verdict{}, err
	}
	var v Verdict
	times := map[string]int{}
	for _, p := range found {
		times[p.Name]++
		if _, asked := u.added[p.Name]; !asked {
			v.Strange++
		}
	}
	for name, acknowledged := range u.added {
		switch {
		case acknowledged && times[name] == 0:
			v.Lost++
		case times[name] > 1:
			v.Doubled++
		}
		if acknowledged {
			v.Acknowledged++
		}
	}
	v.Stale = u.judgeRegisters()
	return v, nil
}

func (u *Users) judgeRegisters() []string {
	var mu sync.Mutex
	var stale []string
	var all sync.WaitGroup
	for i, h := range u.histories {
		all.Go(func() {
			if err := h.judge(judgeLimit); err != nil {
				mu.Lock()
				defer mu.Unlock()
				stale = append(stale, fmt.Sprintf("register %d: %v", i, err))
			}
		})
	}
	all.Wait()
	slices.Sort(stale)
	return stale
}
