package local

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// steps lists what has to be done besides starting parts.
func (p *Platform) steps() []step {
	all := []step{
		{name: stepBuild, do: p.build, unseen: p.opts.Prebuilt},
		{name: stepStripe, needs: []string{"stripe"}, do: p.stockStripe},
		{name: stepControl, needs: []string{stepBuild, "pg-control"}, do: p.controlDatabase},
		{name: stepHydra, needs: []string{"pg-control"}, do: p.hydraDatabase},
		{name: stepClients, needs: []string{stepBuild, "hydra"}, do: p.syncClients},
	}
	for _, at := range sites {
		needs := []string{stepBuild, "pg-" + at.cell}
		for i := range p.layout().cellCluster(at.cell).Workers {
			needs = append(needs, workerName(at.cell, i))
		}
		all = append(all, step{
			name: stepCell(at.cell), needs: needs,
			do: func(ctx context.Context) error { return p.cellDatabase(ctx, at.cell) },
		})
	}
	known := []string{"controlplane"}
	for _, at := range sites {
		known = append(known, at.cell+"-api")
	}
	all = append(all, step{name: stepCells, needs: known, do: p.awaitCells})
	if p.opts.WithoutTenants {
		return all
	}
	needs := []string{stepCells}
	for _, region := range regions {
		needs = append(needs, routerName(region))
	}
	for _, at := range sites {
		needs = append(needs, at.cell+"-worker")
	}
	return append(all, step{name: stepTenants, needs: needs, do: p.signUpTenants})
}

// stockStripe makes the small Stripe offer what the plans say.
func (p *Platform) stockStripe(ctx context.Context) error {
	l := p.layout()
	return p.runProgram(ctx, l.controlPlaneEnv(), "", "controlplane", "billing", "sync", "--yes", "--stripe-url", l.ports.url("stripe"))
}

// programs are what build builds.
var programs = []string{
	"./controlplane/cmd/controlplane", "./controlplane/cmd/stripefake", "./controlplane/cmd/cellctl", "./router/cmd/router", "./cell/cmd/cell", "./deploy/local/cmd/local",
}

// build builds all programs at once; what is up to date is left alone.
func (p *Platform) build(ctx context.Context) error {
	if p.opts.Prebuilt {
		return nil
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", p.opts.BinDir + "/"}, programs...)...)
	cmd.Dir = p.opts.Root
	return output(cmd)
}

// runProgram runs one of our programs to its end.
func (p *Platform) runProgram(ctx context.Context, env []string, stdin, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.opts.BinDir, program), args...)
	cmd.Env = append(programEnv(), env...)
	cmd.Dir = p.opts.Dir
	cmd.Stdin = strings.NewReader(stdin)
	return output(cmd)
}

// output runs a command; what it printed is part of the error.
func output(cmd *exec.Cmd) error {
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, strings.TrimSpace(printed.String()))
	}
	return nil
}
