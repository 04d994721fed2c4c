package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// permits is what Terraform makes for one kind of overlay: who may read a secret,
// which workloads it grants to, and to which endpoint groups load balancers lead.
type permits struct {
	module    string
	readers   map[string]string // secret → readers, as they stand there
	accounts  map[string]string // workload → namespace
	endpoints []string
}

// modules says which of Terraform's modules makes the projects of which overlays.
var modules = map[string]string{"cells": "cell", "routers": "router", "control-plane": "control-plane"}

var (
	secretLine  = regexp.MustCompile(`(?m)^\s+([a-z][a-z0-9-]*)\s+= \{ readers = \{ (.*) \} \}`)
	accountLine = regexp.MustCompile(`(?m)^\s+([a-z]+)\s+= \{ namespace = "([a-z]+)"`)
	groupName   = regexp.MustCompile(`(?m)(?:networkEndpointGroups/|^\s+endpoints\s+= ")([a-z][a-z-]*)"`)
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
		if p.endpoints, err = endpointsIn(filepath.Join(dir, "modules", module)); err != nil {
			return nil, err
		}
		found[kind] = p
	}
	return found, nil
}

// endpointsIn lists the endpoint groups that a module's files name.
func endpointsIn(module string) (names []string, err error) {
	paths, err := filepath.Glob(filepath.Join(module, "*.tf"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		for _, m := range groupName.FindAllStringSubmatch(string(text), -1) {
			names = append(names, m[1])
		}
	}
	return names, nil
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
