package cli_test

import (
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/testkit"
)

func TestRunbooksNameCommandsThatExist(t *testing.T) {
	t.Parallel()
	term := bareTerminal(t)
	testkit.CheckRunbooks(t, "../../..", "cellctl", func(command ...string) string {
		r := term.run(append(append([]string{}, command...), "--help")...)
		if r.code != 0 || !strings.Contains(r.stdout, "cellctl "+strings.Join(command, " ")+" ") && !strings.Contains(r.stdout, "cellctl "+strings.Join(command, " ")+"\n") {
			return ""
		}
		return r.stdout
	})
}

// A command that exists may lack an argument or a flag that it cannot do without; so
// each is run, with something there for its words in capitals. What the plane thinks of
// it is not asked here: loadtest/e2e and make drill run what can be run on a platform.
func TestRunbooksNameWholeCommands(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	words := strings.NewReplacer("TENANT", "acme", "CELL", "cell-a", "POLICY", term.write("policy.json", policyFile), "RATE", "20MB")
	for _, c := range testkit.RunbookCommands(t, "../../..", "cellctl") {
		if strings.HasPrefix(c.Page, "disasters/") {
			continue // written for a shell, in which make drill runs them
		}
		var args []string
		for _, word := range c.Words {
			if word == "M" { // a tenant's name names its migration
				word = "acme"
			}
			args = append(args, words.Replace(word))
		}
		r := term.run(args...)
		if r.code == cli.ExitUsage && strings.Contains(r.stderr, "--yes") { // nobody is there to be asked
			r = term.run(append(args, "--yes")...)
		}
		if r.code == cli.ExitUsage {
			t.Errorf("%s: cellctl %s: %s", c.Page, strings.Join(c.Words, " "), r.stderr)
		}
	}
}
