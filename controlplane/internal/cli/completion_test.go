package cli_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// proposals are the words that Tab would offer.
func proposals(term *terminal, args ...string) []string {
	r := term.run(append([]string{"__complete"}, args...)...)
	var words []string
	for line := range strings.Lines(r.stdout) {
		if !strings.HasPrefix(line, ":") {
			words = append(words, strings.TrimSpace(strings.Split(line, "\t")[0]))
		}
	}
	return words
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("context", "set", "prod", "--server", "https://control.example.com").wants(t, 0)
	for line, want := range map[string]string{
		"cell show ":                   "cell-a cell-b cell-c",
		"cell cordon cell-a":           "cell-a",
		"cell cordon cell-a ":          "",
		"tenant suspend ":              "acme globex",
		"tenant show g":                "globex",
		"tenant domain add ac":         "acme",
		"tenant ls --cell ":            "cell-a cell-b cell-c",
		"tenant ls --state s":          "suspended",
		"cell ls -o ":                  "table wide json jsonl",
		"cell ls --context ":           "prod test",
		"context use p":                "prod",
		"tenant import --provision ":   "cells directory",
		"tenant sus":                   "suspend",
		"tenant edge show a":           "acme",
		"tenant plan g":                "globex",
		"tenant plan acme ":            "",
		"cell drain cell-":             "cell-a cell-b cell-c",
		"key revoke ":                  "ada cell-a", // no revoked ones
		"key create x --cell cell-b":   "cell-b",
		"audit --tenant g":             "globex",
		"tenant show --context prod a": "", // nobody answers there in time, or at all
	} {
		if line == "tenant show --context prod a" {
			term.run("context", "set", "prod", "--server", "http://127.0.0.1:1").wants(t, 0)
		}
		words := strings.Split(line, " ")
		got := strings.Join(proposals(term, words...), " ")
		if line == "tenant ls --state s" || line == "cell ls -o " || line == "tenant import --provision " {
			for _, word := range strings.Fields(want) {
				if !strings.Contains(got, word) {
					t.Errorf("%q: %q lacks %q", line, got, word)
				}
			}
			continue
		}
		if got != want {
			t.Errorf("%q proposes %q, want %q", line, got, want)
		}
	}
}

func TestCompletionIsQuiet(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-slow }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(slow) })
	term := bareTerminal(t)
	r := term.run("__complete", "--server", server.URL, "cell", "show", "")
	if r.code != 0 || strings.Contains(r.stdout+r.stderr, "request") {
		t.Errorf("%+v", r)
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		bareTerminal(t).run("completion", shell).wants(t, 0, "cellctl")
	}
}
