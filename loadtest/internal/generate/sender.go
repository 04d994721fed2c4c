package generate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/internal/engine"
	"github.com/coditect/platform/loadtest/internal/record"
	"github.com/coditect/platform/loadtest/internal/scenario"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// sender sends one request at a time.
type sender struct {
	job     *Job
	router  client
	plane   client      // the control plane; nil: not needed
	undo    func() bool // of what waits for the end of the context
	options engine.Options
	rng     *rand.Rand
	request engine.Request
	sample  record.Sample
}

// newSender makes one whose requests end with ctx.
func (j *Job) newSender(ctx context.Context) *sender {
	s := &sender{job: j, rng: rand.New(rand.NewPCG(rand.Uint64(), forBodies))}
	s.options = engine.Options{Address: address(j.Scenario.Target.URL), Timeout: j.Scenario.Load.Timeout, Source: j.Source}
	s.router = newClient(j.Scenario.Load.Engine, s.options)
	if plane := j.Scenario.Target.ControlPlane; plane != "" {
		s.plane = newClient(j.Scenario.Load.Engine, engine.Options{Address: address(plane), Timeout: j.Scenario.Load.Timeout})
	}
	s.undo = context.AfterFunc(ctx, func() {
		for _, c := range []client{s.router, s.plane} {
			if fast, ok := c.(*engine.Fast); ok { // the other one follows its context by itself
				fast.Interrupt()
			}
		}
	})
	return s
}

func newClient(name string, opts engine.Options) client {
	if name == "net/http" {
		return engine.NewStandard(opts)
	}
	return engine.NewFast(opts)
}

// address is a checked URL's.
func address(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	if u.Port() == "" {
		return u.Hostname() + ":80"
	}
	return u.Host
}

func (s *sender) close() {
	s.undo()
	s.router.Close()
	if s.plane != nil {
		s.plane.Close()
	}
}

// send sends an order, records it, and returns when it was done. What the run's
// end cut off is not recorded.
func (s *sender) send(ctx context.Context, o order, ready time.Duration) (done time.Duration) {
	step := s.step(o.step)
	to := s.prepare(step, o.rank)
	sent := time.Since(s.job.Begin)
	var status int
	var err error
	if step.Kind == scenario.WebSocket {
		status, err = engine.Greet(ctx, s.options, &s.request)
	} else {
		status, err = to.Do(ctx, &s.request)
	}
	done = time.Since(s.job.Begin)
	if ctx.Err() != nil {
		return done
	}
	s.sample = record.Sample{
		Phase: o.phase, Step: o.step, Rank: o.rank, Code: engine.Code(status, err), OK: err == nil && expected(step, status),
		Intended: o.at, Ready: ready, Sent: sent, Done: done,
	}
	s.job.Recorder.Record(&s.sample)
	return done
}

// step is one of the mix; a storm sends what the mix has first.
func (s *sender) step(i int) *scenario.Step {
	if i == len(s.job.Scenario.Mix) {
		i = max(0, slices.IndexFunc(s.job.Scenario.Mix, func(step scenario.Step) bool { return step.Kind != scenario.SignUp }))
	}
	return &s.job.Scenario.Mix[i]
}

func expected(step *scenario.Step, status int) bool {
	switch {
	case len(step.Expect) > 0:
		return slices.Contains(step.Expect, status)
	case step.Kind == scenario.WebSocket:
		return status == 101
	}
	return status >= 200 && status < 300
}

// prepare fills in the request and says which client sends it.
func (s *sender) prepare(step *scenario.Step, rank int) client {
	s.request = engine.Request{Method: "GET", Host: s.options.Address, Body: s.request.Body[:0]}
	tenant := s.job.tenant(rank)
	if tenant != nil {
		s.request.Key = tenant.Key
		if domain := s.job.Scenario.Target.Domain; domain != "" {
			s.request.Host = tenant.Slug + "." + domain
		}
	}
	switch step.Kind {
	case scenario.Login:
		s.request.Path = "/v1/me"
	case scenario.Read:
		s.request.Path = "/v1/projects/" + s.project(tenant)
	case scenario.Write:
		s.request.Method, s.request.Path, s.request.Patch = "PATCH", "/v1/projects/"+s.project(tenant), true
		s.body(`{"description":"changed %d"}`, s.rng.Uint64())
	case scenario.Create:
		s.request.Method, s.request.Path, s.request.Once = "POST", "/v1/projects", s.unique()
		s.body(`{"workspace_id":%q,"name":"Created %d"}`, tenant.Workspace, s.rng.Uint64())
	case scenario.List:
		s.request.Path = "/v1/projects?limit=20"
	case scenario.Search:
		s.request.Path = "/v1/projects?limit=20&q=" + searched[s.rng.IntN(len(searched))]
	case scenario.Cached:
		s.request.Path = "/v1/organization"
	case scenario.WebSocket:
		s.request.Path = "/v1/events"
	case scenario.HTTP:
		s.request.Method, s.request.Path = step.Method, step.Path
		s.request.Body = append(s.request.Body, step.Body...)
	case scenario.SignUp:
		slug := "new-" + s.unique()
		s.request = engine.Request{Method: "POST", Path: "/v1/signups", Host: address(s.job.Scenario.Target.ControlPlane), Once: slug, Body: s.request.Body}
		s.body(`{"organization":"New %[1]s","slug":%[1]q,"owner":{"name":"Olga","email":"olga@%[1]s.example"}}`, slug)
		return s.plane
	}
	return s.router
}

// searched are words of seeded projects.
var searched = []string{"alpha", "project", "beta", "gam", "delta"}

func (s *sender) body(format string, args ...any) {
	s.request.Body = fmt.Appendf(s.request.Body, format, args...)
}

func (s *sender) unique() string { return strconv.FormatUint(s.rng.Uint64(), 36) }

func (s *sender) project(t *tenants.Tenant) string { return t.Projects[s.rng.IntN(len(t.Projects))] }
