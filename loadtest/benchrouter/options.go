package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// options is what the command line says.
type options struct {
	tenants int
	short   bool
	only    *regexp.Regexp
	router  string // path of a program; empty: build it
}

// connections is what closed and open loops use.
const connections = 64

// Processors: the measured program has one to itself, everything else shares
// the other.
const (
	proxyProcessor = 1
	ourProcessor   = 0
)

// pick returns full, or short if that was asked for.
func (o *options) pick(full, short int) int {
	if o.short {
		return short
	}
	return full
}

func (o *options) setDefaults() {
	if o.tenants == 0 {
		o.tenants = o.pick(1_000_000, 100_000)
	}
}

func numbers(texts []string) ([]int, error) {
	var all []int
	for _, text := range texts {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("want a number: %w", err)
		}
		all = append(all, n)
	}
	return all, nil
}
