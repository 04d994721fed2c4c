package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/loadtest/internal/fleet"
	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// Kinds of jobs that users ask for here.
const (
	reportKind = "report"
	inviteKind = "invite_email"
)

// verdict is what the ledger says.
type verdict struct {
	asked, reports, invitations int   // acknowledged, but for asked
	lost                        int   // acknowledged, without effect
	doubled                     int   // with two effects, or a second job for one order
	givenUp                     error // one of the orders that were
	repeated                    int   // mails that came again under their Message-ID, as they may
}

// compare looks at the effects of everything that was asked for.
func (l *ledger) compare(ctx context.Context) (v verdict, err error) {
	mails := byAddress(l.mails)
	for i, tenant := range l.tenants {
		reports, invitations := l.orders[i].Reports(), l.orders[i].Invitations()
		v.asked += reports.Times + invitations.Times
		v.reports += len(reports.Acknowledged)
		v.invitations += len(invitations.Acknowledged)
		made, err := l.fleet.ReportsMade(ctx, home, tenant.ID)
		if err != nil {
			return v, err
		}
		v.judge(reports, func(job string) int { return made[job] })
		v.judge(invitations, func(address string) int { return len(mails[address]) })
		for kind, asked := range map[string]int{reportKind: reports.Times, inviteKind: invitations.Times} {
			jobs, _, err := l.fleet.JobCounts(ctx, home, tenant.ID, kind)
			if err != nil {
				return v, err
			}
			v.doubled += max(0, jobs-asked) // each order has one key, so it makes one job at most
		}
	}
	v.repeated = len(l.mails)
	for _, ids := range mails {
		v.repeated -= len(ids)
	}
	return v, nil
}

// judge compares what was acknowledged with its effects.
func (v *verdict) judge(asked tenantclient.Asked, effects func(string) int) {
	if asked.GivenUp != nil {
		v.givenUp = asked.GivenUp
	}
	for _, what := range asked.Acknowledged {
		switch n := effects(what); {
		case n == 0:
			v.lost++
		case n > 1:
			v.doubled++
		}
	}
}

// byAddress lists the different Message-IDs of the mails to each address.
func byAddress(mails map[string]fleet.Mail) map[string]map[string]bool {
	ids := map[string]map[string]bool{}
	for _, m := range mails {
		if ids[m.To] == nil {
			ids[m.To] = map[string]bool{}
		}
		ids[m.To][m.MessageID] = true
	}
	return ids
}

// print says it in figures, and reports whether none falls short.
func (v verdict) print(out io.Writer, kills int, rest time.Duration) bool {
	f := &figures.Figures{Out: out}
	f.AtLeast("chaos_jobs_acknowledged", float64(v.reports+v.invitations), "jobs", float64(kills))
	f.AtMost("chaos_jobs_given_up", float64(v.asked-v.reports-v.invitations), "orders", 0)
	f.AtMost("chaos_jobs_lost", float64(v.lost), "jobs", 0)
	f.AtMost("chaos_jobs_doubled", float64(v.doubled), "jobs", 0)
	f.AtMost("chaos_jobs_rest", rest.Seconds(), "s", restLimit.Seconds())
	_, _ = fmt.Fprintf(out, "note %d kills; %d reports and %d invitations acknowledged; %d mails came twice, under one Message-ID\n",
		kills, v.reports, v.invitations, v.repeated)
	if v.givenUp != nil {
		_, _ = fmt.Fprintln(out, "note given up:", v.givenUp)
	}
	return f.OK()
}
