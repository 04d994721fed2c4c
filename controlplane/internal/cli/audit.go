package cli

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

const auditHelp = `The control plane notes every change with who made it, in the transaction of the
change itself. 'public' signed up, 'system' is the control plane by itself.

A tenant's own audit log is in its cell; 'audit verify' compares it with what the
control plane keeps of it.`

// auditWish is what 'audit' was asked to show.
type auditWish struct{ actor, action, target, tenant string }

func (p *program) auditCommand() *cobra.Command {
	var wish auditWish
	limit := -1
	cmd := &cobra.Command{
		Use: "audit", Short: "List who changed what, newest first", Args: named(), Long: auditHelp,
		Example: `  cellctl audit --tenant acme
  cellctl audit --actor grace --action tenant.delete -o wide
  cellctl audit --target cell-a --limit 10
  cellctl audit verify acme`,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			return doing(p.listAudit(cmd.Context(), wish, limit), "list the audit log")
		}),
	}
	f := cmd.Flags()
	f.StringVar(&wish.actor, "actor", "", "only what this `KEY` did")
	f.StringVar(&wish.action, "action", "", "only this action, for example tenant.suspend")
	f.StringVar(&wish.target, "target", "", "only what was done to this tenant id, cell or key")
	f.StringVar(&wish.tenant, "tenant", "", "only what was done to this `TENANT` (slug, domain or id)")
	cmd.MarkFlagsMutuallyExclusive("target", "tenant")
	limitFlag(cmd, &limit)
	p.complete(cmd, "tenant", p.tenantNames)
	p.complete(cmd, "actor", p.keyNames)
	cmd.AddCommand(p.auditVerify(), p.auditCheckpoint())
	return cmd
}

func (p *program) listAudit(ctx context.Context, wish auditWish, limit int) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	if wish.tenant != "" {
		t, err := s.tenant(ctx, wish.tenant)
		if err != nil {
			return err
		}
		wish.target = t.TenantID.String()
	}
	params := &api.ListAuditParams{Actor: optional(wish.actor), Action: optional(wish.action), Target: optional(wish.target)}
	return list(p, "record", limit, auditColumns, func(cursor string, size int) ([]api.AuditEntry, string, error) {
		params.Cursor, params.Limit = optional(cursor), &size
		page, err := answer[api.AuditPage](s.ListAudit(ctx, params))
		return page.Entries, deref(page.NextCursor), err
	})
}

var auditColumns = []column[api.AuditEntry]{
	{title: "TIME", text: func(e api.AuditEntry) string { return moment(&e.At) }},
	{title: "ACTOR", text: func(e api.AuditEntry) string { return e.Actor }},
	{title: "ACTION", text: func(e api.AuditEntry) string { return e.Action }},
	{title: "TARGET", text: func(e api.AuditEntry) string { return e.Target }},
	{title: "ROLE", wide: true, text: func(e api.AuditEntry) string { return e.Role }},
	{title: "ID", wide: true, text: func(e api.AuditEntry) string { return strconv.FormatInt(e.ID, 10) }},
	{title: "REQUEST", wide: true, text: func(e api.AuditEntry) string { return deref(e.RequestID) }},
	{title: "DETAIL", wide: true, text: auditDetail},
}

func auditDetail(e api.AuditEntry) string {
	if e.Detail == nil || len(*e.Detail) == 0 {
		return ""
	}
	raw, err := json.Marshal(*e.Detail)
	if err != nil {
		return "" // cannot happen: it came as JSON
	}
	return string(raw)
}
