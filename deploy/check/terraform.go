package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// permits is what Terraform makes for one kind of overlay: who may read a secret,
// and which workloads have an account.
type permits struct {
	module   string
	readers  map[string]string // secret → readers, as they stand there
	accounts map[string]string // workload → namespace
}

// modules says which of Terraform's modules makes the projects of which overlays.
var modules = map[string]string{"cells": "cell", "routers": "router", "control-plane": "control-plane"}

var (
	secretLine  = regexp.MustCompile(`(?m)^\s+([a-z][a-z0-9-]*)\s+= \{ readers = \{ (.*) \} \}`)
	accountLine = regexp.MustCompile(`(?m)^\s+([a-z]+)\s+= \{ namespace = "([a-z]+)"`)
)

func readTerraform(dir string) (map[string]permits, error) {
	found := map[string]permits{}
	for kind, module := range modules {
		text, err := os.ReadFile(filepath.Join(dir, "modules", module, "main.tf"))
		if err != nil {
			return nil, err
		}
		p := permits{module: module, readers: map[string]string{}, accounts: map[string]string{}}
		for _, m := range secretLine.FindAllStringSubmatch(string(text), -1) {
			p.readers[m[1]] = m[2]
		}
		for _, m := range accountLine.FindAllStringSubmatch(string(text), -1) {
			p.accounts[m[1]] = m[2]
		}
		found[kind] = p
	}
	return found, nil
}

// mayRead says whether a workload may read a secret.
func (p permits) mayRead(workload, secret string) bool {
	for _, reader := range strings.Split(p.readers[secret], ",") {
		name, _, _ := strings.Cut(reader, "=")
		if strings.TrimSpace(name) == workload {
			return true
		}
	}
	return false
}
