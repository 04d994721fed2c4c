package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// program is one that manifests run: what its commands say of themselves in --help.
type program struct{ commands map[string]*command }

// command is the flags and variables of one command.
type command struct {
	flags     map[string]bool
	variables map[string]bool // all that its help names
}

// run lists the commands that manifests may run, by the image's name.
var run = map[string][]string{
	"cell": {"api", "worker", "schema up"}, "router": {""}, "controlplane": {"serve", "schema up", "identity clients sync"},
	"hydra": {"serve all", "migrate sql up"},
}

var (
	flagPattern     = regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([a-z][a-z0-9-]*)`)
	variablePattern = regexp.MustCompile(`\b(?:CELL|ROUTER|CONTROLPLANE)_[A-Z][A-Z_]*[A-Z]\b`)
)

// readPrograms asks every program: ours, that were compiled into a directory, and
// Hydra.
func readPrograms(ctx context.Context, dir, hydra string) (map[string]*program, error) {
	if dir == "" || hydra == "" {
		return nil, errors.New("-programs, -hydra: say where cell, router and controlplane are compiled, and Hydra")
	}
	known := map[string]*program{}
	for name, commands := range run {
		path := filepath.Join(dir, name)
		if name == "hydra" {
			path = hydra
		}
		p := &program{commands: map[string]*command{}}
		for _, line := range commands {
			help, err := exec.CommandContext(ctx, path, append(strings.Fields(line), "--help")...).CombinedOutput()
			if err != nil {
				return nil, fmt.Errorf("%s %s --help: %w", name, line, err)
			}
			c := &command{flags: map[string]bool{}, variables: map[string]bool{}}
			for _, m := range flagPattern.FindAllStringSubmatch(string(help), -1) {
				c.flags[m[1]] = true
			}
			for _, v := range variablePattern.FindAllString(string(help), -1) {
				c.variables[v] = true
			}
			p.commands[line] = c
		}
		known[name] = p
	}
	return known, nil
}

// find returns the command that arguments begin with, and the other arguments.
func (p *program) find(args []string) (*command, []string) {
	for line, c := range p.commands {
		words := strings.Fields(line)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == line {
			return c, args[len(words):]
		}
	}
	return nil, nil
}
