package cli_test

import (
	"strings"
	"testing"

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
