package testkit

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fenced    = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	inlined   = regexp.MustCompile("`([^`\n]+)`")
	flagName  = regexp.MustCompile(`^--?[a-z][a-z-]*`)
	flagShown = regexp.MustCompile(`--?[a-z][a-z-]*`)
	plainWord = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// RunbookCommand is a call of a program in a runbook.
type RunbookCommand struct {
	Page  string   // below docs/runbooks
	Words []string // behind the program's name
}

// RunbookCommands lists the calls of a program that the runbooks under the repository's
// root tell people to make.
func RunbookCommands(t *testing.T, root, program string) (found []RunbookCommand) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(filepath.Join(root, "docs", "runbooks")), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".md") {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, "docs", "runbooks", path))
		if err != nil {
			return err
		}
		for _, words := range commandsIn(string(text), program) {
			found = append(found, RunbookCommand{path, words})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("no runbook names a command of %s: the test looks in the wrong place", program)
	}
	return found
}

// CheckRunbooks makes sure that every command of a program which the runbooks
// under the repository's root tell people to run exists, with every flag that it
// is given. Help returns what the program says about a command, or "" if it has
// no such command.
func CheckRunbooks(t *testing.T, root, program string, help func(command ...string) string) {
	t.Helper()
	for _, c := range RunbookCommands(t, root, program) {
		checkCommand(t, c.Page, program, c.Words, help)
	}
}

// commandsIn finds the words that follow a program's name, up to what ends a
// command in a shell.
func commandsIn(page, program string) [][]string {
	call := regexp.MustCompile(`(?m)(?:^|[(|;&])[ \t]*` + program + `((?: +[^\s|;&<>()#]+)+)`)
	var code []string
	for _, block := range fenced.FindAllStringSubmatch(page, -1) {
		code = append(code, block[1])
	}
	for _, span := range inlined.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		code = append(code, span[1])
	}
	var found [][]string
	for _, text := range code {
		for _, m := range call.FindAllStringSubmatch(text, -1) {
			found = append(found, strings.Fields(m[1]))
		}
	}
	return found
}

// checkCommand takes the longest run of words that is a command, and looks for
// the flags in its help.
func checkCommand(t *testing.T, page, program string, words []string, help func(command ...string) string) {
	t.Helper()
	n := 0
	for n < len(words) && plainWord.MatchString(words[n]) && help(words[:n+1]...) != "" {
		n++
	}
	if n == 0 {
		t.Errorf("%s: %s has no command %q", page, program, strings.Join(words, " "))
		return
	}
	known := flagShown.FindAllString(help(words[:n]...), -1)
	for _, word := range words[n:] {
		if flag := flagName.FindString(word); flag != "" && !slices.Contains(known, flag) {
			t.Errorf("%s: '%s %s' has no flag %s", page, program, strings.Join(words[:n], " "), flag)
		}
	}
}
