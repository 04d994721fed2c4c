package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

const keyHelp = `Operators, cells and routers prove who they are with API keys. A viewer may look,
an operator may change cells and tenants, an admin may also manage keys; the roles
cell and router are for those services. All of this needs the role admin.`

var keyRoles = []string{string(api.RoleViewer), string(api.RoleOperator), string(api.RoleAdmin), string(api.RoleCell), string(api.RoleRouter)}

func (p *program) keyCommand() *cobra.Command {
	cmd := group("key", "API keys of operators, cells and routers", keyHelp, `  cellctl key ls
  cellctl key create grace --role operator
  cellctl key create cell-a --role cell --cell cell-a --secret-file cell-a.key
  cellctl key revoke grace`)
	cmd.Aliases = []string{"keys"}
	cmd.AddCommand(p.keyLs(), p.keyCreate(), p.keyRevoke())
	return cmd
}

func (p *program) keyLs() *cobra.Command {
	limit := -1
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List API keys, revoked ones too", Args: named(),
		Example: "  cellctl key ls\n  cellctl key ls -o jsonl | jq -r 'select(.revoked_at == null and .last_used_at == null) | .name'",
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			params := &api.ListKeysParams{}
			err = list(p, "key", limit, keyColumns(p.opts.Now()), func(cursor string, size int) ([]api.Key, string, error) {
				params.Cursor, params.Limit = optional(cursor), &size
				page, err := answer[api.KeyPage](s.ListKeys(cmd.Context(), params))
				return page.Keys, deref(page.NextCursor), err
			})
			return doing(err, "list keys")
		}),
	}
	limitFlag(cmd, &limit)
	return cmd
}

func keyColumns(now time.Time) []column[api.Key] {
	return []column[api.Key]{
		{title: "KEY", text: func(k api.Key) string { return k.Name }},
		{title: "ROLE", text: func(k api.Key) string { return string(k.Role) }},
		{title: "CELL", text: func(k api.Key) string { return deref(k.Cell) }},
		{title: "STATE", text: keyState, color: func(k api.Key) color { return map[bool]color{true: green, false: red}[k.RevokedAt == nil] }},
		{title: "AGE", text: func(k api.Key) string { return age(now, k.CreatedAt) }},
		{title: "LAST USED", text: func(k api.Key) string { return moment(k.LastUsedAt) }},
		{title: "REVOKED", wide: true, text: func(k api.Key) string { return moment(k.RevokedAt) }},
	}
}

func keyState(k api.Key) string {
	if k.RevokedAt != nil {
		return "revoked"
	}
	return "valid"
}

func (p *program) keyRevoke() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "revoke KEY", Short: "End an API key for ever", Args: named("KEY"), ValidArgsFunction: firstOnly(p.keyNames),
		Long: `It stops working within five seconds, and its name is used up. Whoever uses it is
refused from then on. Revoking a revoked key changes nothing.

You are asked to type the key's name; --yes does without, for scripts.`,
		Example: "  cellctl key revoke grace",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.revokeKey(cmd.Context(), args[0], yes)
		}),
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (p *program) revokeKey(ctx context.Context, name string, yes bool) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	if !yes {
		err := p.confirmBy(ctx, confirmation{
			action: "revoke key " + name, word: name, what: "key's name",
			warning: "This ends the key " + oneLine(name) + " at " + s.target.Server + " for ever.",
		})
		if err != nil {
			return err
		}
	}
	if _, err := answer[nothing](s.RevokeKey(ctx, name)); err != nil {
		return doing(hinting(err, fault.NotFound, "'cellctl key ls' lists keys"), "revoke key %s", name)
	}
	return p.done(map[string]string{"name": name, "state": "revoked"}, "key %s is revoked", name)
}

func (p *program) keyNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return p.remoteNames(cmd, typed, func(ctx context.Context, s *session) ([]string, error) {
		page, err := answer[api.KeyPage](s.ListKeys(ctx, &api.ListKeysParams{Limit: optional(pageLimit)}))
		var names []string
		for _, k := range page.Keys {
			if k.RevokedAt == nil {
				names = append(names, k.Name)
			}
		}
		return names, err
	})
}
