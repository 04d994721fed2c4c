package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	var c checker
	flag.StringVar(&c.root, "root", "../..", "the repository")
	flag.StringVar(&c.programs, "programs", "", "where cell, router and controlplane are compiled")
	flag.StringVar(&c.hydra, "hydra", "", "the authorization server's program")
	flag.BoolVar(&c.quick, "quick", false, "leave out compiling the programs twice")
	flag.BoolVar(&c.update, "update", false, "write connectivity.txt from what the policies say")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c.out = os.Stdout
	err := c.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// run checks everything and goes on after what fails: one run says all that is wrong.
func (c *checker) run(ctx context.Context) error {
	sources, err := readSources(filepath.Join(c.root, "deploy", "kubernetes"))
	if err != nil {
		return err
	}
	if c.known, err = readPrograms(ctx, c.programs, c.hydra); err != nil {
		return err
	}
	if c.permitted, err = readTerraform(filepath.Join(c.root, "terraform")); err != nil {
		return err
	}
	clusters := c.manifests(sources)
	c.oneIssuer(clusters)
	c.oneFront(clusters)
	c.connectivity(clusters)
	c.mutants(ctx, sources)
	c.dockerfiles()
	c.compose(ctx)
	c.applyScript(ctx)
	if !c.quick {
		c.reproducible(ctx)
	}
	return c.summary()
}
