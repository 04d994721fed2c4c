package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// contextView is a context as it is shown: without its key.
type contextView struct {
	Name      string `json:"name"`
	Current   bool   `json:"current"`
	Server    string `json:"server"`
	HasKey    bool   `json:"has_key"`
	SignedIn  bool   `json:"signed_in"` // by cellctl login
	AllowHTTP bool   `json:"allow_http"`
	Source    string `json:"source"` // the file it was read from
}

const contextHelp = `A context is a control plane's URL, and an operator's login there ('cellctl
login') or an API key for it. Contexts
lie in ~/.config/coditect/cellctl.json (mode 0600; CELLCTL_CONFIG names another
file). The context "local" is built in: it is the platform that 'make up'
started in the working directory or above, and the default if there is no other.`

func (p *program) contextCommand() *cobra.Command {
	cmd := group("context", "Choose the control plane to talk to", contextHelp, `  cellctl context set prod --server https://control.example.com --key-file key.txt
  cellctl context use prod
  cellctl context ls`)
	cmd.AddCommand(p.contextLs(), p.contextShow(), p.contextUse(), p.contextSet(), p.contextRm())
	return cmd
}

// allContexts returns the file's contexts and the local one, by name.
func (p *program) allContexts() ([]contextView, error) {
	file, err := p.loadContexts()
	if err != nil {
		return nil, err
	}
	var all []contextView
	for name, c := range file.Contexts {
		if name != localName {
			all = append(all, viewOf(name, c, name == file.Current, p.opts.Config))
		}
	}
	if local, path, err := p.localContext(); err == nil && path != "" {
		current := file.Current == "" || file.Current == localName
		all = append(all, viewOf(localName, local, current, path))
	}
	slices.SortFunc(all, func(a, b contextView) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func viewOf(name string, c storedContext, current bool, source string) contextView {
	return contextView{Name: name, Current: current, Server: c.Server, HasKey: c.Key != "", SignedIn: c.Login != nil, AllowHTTP: c.AllowHTTP, Source: source}
}

func (p *program) contextLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List contexts", Args: named(),
		RunE: run(func(*cobra.Command, []string) error {
			all, err := p.allContexts()
			if err != nil {
				return err
			}
			return list(p, "context", 0, contextColumns, func(string, int) ([]contextView, string, error) { return all, "", nil })
		}),
	}
}

var contextColumns = []column[contextView]{
	{title: "CURRENT", text: func(c contextView) string { return map[bool]string{true: "*"}[c.Current] }},
	{title: "CONTEXT", text: func(c contextView) string { return c.Name }},
	{title: "SERVER", text: func(c contextView) string { return c.Server }},
	{title: "KEY", text: func(c contextView) string { return c.keyWord() }},
	{title: "SOURCE", wide: true, text: func(c contextView) string { return c.Source }},
}

// keyWord is all that is ever shown of a key, or of what stands in its place.
func (c contextView) keyWord() string {
	switch {
	case c.SignedIn:
		return "login"
	case c.HasKey:
		return "set"
	}
	return "missing"
}

func (p *program) contextShow() *cobra.Command {
	return &cobra.Command{
		Use: "show [CONTEXT]", Short: "Show a context, by default the current one", Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE: run(func(_ *cobra.Command, args []string) error {
			all, err := p.allContexts()
			if err != nil {
				return err
			}
			found, err := pick(all, append(args, p.flags.context, "")[0])
			if err != nil {
				return err
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(found)
			}
			return writeFields(p, []field{
				{label: "Context", value: found.Name},
				{label: "Server", value: found.Server},
				{label: "Key", value: found.keyWord()},
				{label: "Source", value: found.Source},
			})
		}),
	}
}

// pick finds a context by name, or the current one if name is empty.
func pick(all []contextView, name string) (contextView, error) {
	for _, c := range all {
		if c.Name == name || name == "" && c.Current {
			return c, nil
		}
	}
	if name == "" {
		return contextView{}, misused("no context is current").withHint("choose one: cellctl context use NAME")
	}
	return contextView{}, unknownContext(name)
}

func unknownContext(name string) *failure {
	return misused("there is no context %q", name).withHint("'cellctl context ls' lists them")
}
