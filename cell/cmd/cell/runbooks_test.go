package main

import (
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

func TestRunbooksNameCommandsThatExist(t *testing.T) {
	t.Parallel()
	testkit.CheckRunbooks(t, "../../..", "cell", func(words ...string) string {
		cmd, rest, err := command(func(string) string { return "" }).Find(words)
		if err != nil || len(rest) > 0 {
			return ""
		}
		return cmd.CommandPath() + "\n" + cmd.UsageString()
	})
}
