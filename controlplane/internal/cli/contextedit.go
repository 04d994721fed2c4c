package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

var contextPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (p *program) contextUse() *cobra.Command {
	return &cobra.Command{
		Use: "use CONTEXT", Short: "Make a context the current one", Args: named("CONTEXT"),
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE: run(func(_ *cobra.Command, args []string) error {
			all, err := p.allContexts()
			if err != nil {
				return err
			}
			found, err := pick(all, args[0])
			if err != nil {
				return err
			}
			err = p.changeContexts(func(file *contextFile) error {
				file.Current = found.Name
				return nil
			})
			if err != nil {
				return err
			}
			found.Current = true
			return p.done(found, "context %s is now current (%s)", found.Name, found.Server)
		}),
	}
}

type contextSettings struct {
	keyFile   string
	allowHTTP bool
	use       bool
}

func (p *program) contextSet() *cobra.Command {
	var set contextSettings
	cmd := &cobra.Command{
		Use: "set CONTEXT --server URL [--key-file FILE]", Short: "Make or change a context", Args: named("CONTEXT"),
		Long: `Makes a context, or changes the parts of one that are given.

The key is read from a file, or from standard input with --key-file -. It is
never taken as an argument: other people on the machine can see those. On a
terminal, a new context asks for its key without showing it.`,
		Example: `  cellctl context set prod --server https://control.example.com --key-file key.txt
  pass show coditect/prod | cellctl context set prod --server https://control.example.com --key-file -
  cellctl context set prod --key-file new-key.txt      # only the key changes`,
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE:              run(func(cmd *cobra.Command, args []string) error { return p.setContext(cmd, args[0], set) }),
	}
	cmd.Flags().StringVar(&set.keyFile, "key-file", "", "`FILE` that holds the API key; - is standard input")
	cmd.Flags().BoolVar(&set.allowHTTP, "allow-http", false, "send the key to another machine unencrypted")
	cmd.Flags().BoolVar(&set.use, "use", false, "make it the current context, too")
	return cmd
}

func (p *program) setContext(cmd *cobra.Command, name string, set contextSettings) error {
	if name == localName || !contextPattern.MatchString(name) {
		return misused("a context cannot be called %q", name).withHint("use letters, digits, ., _ and -; %q is built in", localName)
	}
	var view contextView
	err := p.changeContexts(func(file *contextFile) error {
		c, known := file.Contexts[name]
		if err := p.editContext(cmd, name, &c, set); err != nil {
			return err
		}
		file.Contexts[name] = c
		if set.use || !known && file.Current == "" {
			file.Current = name
		}
		view = viewOf(name, c, file.Current == name, p.opts.Config)
		return nil
	})
	if err != nil {
		return err
	}
	return p.done(view, "context %s set: %s, key %s%s", name, view.Server, view.keyWord(), map[bool]string{true: ", current"}[view.Current])
}

// editContext changes the parts of a context that are given. A new key takes the
// place of a login.
func (p *program) editContext(cmd *cobra.Command, name string, c *storedContext, set contextSettings) error {
	if p.flags.server != "" {
		c.Server = strings.TrimSuffix(p.flags.server, "/")
	}
	if cmd.Flags().Changed("allow-http") {
		c.AllowHTTP = set.allowHTTP
	}
	if c.Server == "" {
		return misused("a new context needs --server").withHint("cellctl context set %s --server https://control.example.com --key-file FILE", name)
	}
	if err := checkServer(c.Server, c.AllowHTTP); err != nil {
		return err
	}
	if c.Login != nil && set.keyFile == "" {
		return nil
	}
	var err error
	c.Login = nil
	c.Key, err = p.newKey(cmd.Context(), set.keyFile, c.Key)
	return err
}

func (p *program) contextRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm CONTEXT", Aliases: []string{"remove"}, Short: "Forget a context and its key", Args: named("CONTEXT"),
		ValidArgsFunction: firstOnly(p.contextNames),
		RunE: run(func(_ *cobra.Command, args []string) error {
			name := args[0]
			var c storedContext
			err := p.changeContexts(func(file *contextFile) error {
				var ok bool
				if c, ok = file.Contexts[name]; !ok {
					return unknownContext(name)
				}
				delete(file.Contexts, name)
				if file.Current == name {
					file.Current = ""
				}
				return nil
			})
			if err != nil {
				return err
			}
			return p.done(viewOf(name, c, false, p.opts.Config), "context %s removed; its key still works until an admin revokes it", name)
		}),
	}
}

// done says what was changed: the thing itself for programs, a sentence for
// people.
func (p *program) done(thing any, format string, args ...any) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(thing)
	}
	_, err := fmt.Fprintln(p.opts.Stdout, oneLine(fmt.Sprintf(format, args...)))
	return err
}
