package main

import (
	"context"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
)

// testCase is one place of the matrix.
type testCase struct{ stage, process, fault string }

func (c testCase) String() string { return c.stage + "/" + c.process + "/" + c.fault }

// stages of a migration from cell-a to cell-b, as an observer can tell them
// apart: by the control plane's word before the cutover, by the fences in it.
var stages = []string{"prepare", "copy", "catch_up", "verify", "cutover", "frozen", "sealed", "departed", "window", "return", "clean_up"}

// processes that a fault can hit. Tenants move from cell-a to cell-b, and their
// users talk to the router of us-central1.
var processes = []string{
	"controlplane", "cell-a-api", "pg-cell-a", "cell-b-api", "pg-cell-b", "router-us-central1", "nats", "rabbitmq", "redis-cell-a", "redis-cell-b",
}

// fault breaks a process, and mends it again after a while.
type fault struct {
	name string
	hit  func(ctx context.Context, f *fleet.Fleet, process string) error
	last time.Duration
	mend func(ctx context.Context, f *fleet.Fleet, process string) error
}

var faults = []fault{
	{"kill", func(ctx context.Context, f *fleet.Fleet, p string) error { return f.Kill(ctx, p) }, time.Second, func(ctx context.Context, f *fleet.Fleet, p string) error { return f.Restart(ctx, p) }},
	{
		"stop", func(_ context.Context, f *fleet.Fleet, p string) error { return f.Halt(p) }, 10 * time.Second,
		func(_ context.Context, f *fleet.Fleet, p string) error { return f.Continue(p) },
	},
	{"cut", cut, 3 * time.Second, mendProxies},
	{"slow", slow, 5 * time.Second, mendProxies},
}

func faultNames() []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

func allCases() []testCase {
	var all []testCase
	for _, stage := range stages {
		for _, process := range processes {
			for _, f := range faults {
				all = append(all, testCase{stage, process, f.name})
			}
		}
	}
	return all
}

// doors are the ports by which others reach a process.
func doors(process string) []string {
	if process == "controlplane" {
		return []string{"controlplane", "pg-control"}
	}
	if cell, isAPI := strings.CutSuffix(process, "-api"); isAPI {
		return []string{cell, cell + "-internal"}
	}
	return []string{process}
}

func cut(_ context.Context, f *fleet.Fleet, process string) error {
	for _, door := range doors(process) {
		f.Proxies[door].Cut()
	}
	return nil
}

const slowness = 400 * time.Millisecond

func slow(_ context.Context, f *fleet.Fleet, process string) error {
	for _, door := range doors(process) {
		if err := f.Proxies[door].Slow(slowness); err != nil {
			return err
		}
	}
	return nil
}

func mendProxies(ctx context.Context, f *fleet.Fleet, process string) error {
	for _, door := range doors(process) {
		if err := f.Proxies[door].Mend(ctx); err != nil {
			return err
		}
	}
	return nil
}
