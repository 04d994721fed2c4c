package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

// completionTime is how long a person who pressed Tab is kept waiting.
const completionTime = 2 * time.Second

// completer proposes values; errors mean no proposal.
type completer = cobra.CompletionFunc

func (p *program) complete(cmd *cobra.Command, flag string, with completer) {
	// It fails only for a flag that the command does not have.
	_ = cmd.RegisterFlagCompletionFunc(flag, with)
}

func fixed(words ...string) completer {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// firstOnly completes the first argument only.
func firstOnly(names completer) completer {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return names(cmd, args, typed)
	}
}

func (p *program) contextNames(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	contexts, err := p.allContexts()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, c := range contexts {
		names = append(names, c.Name)
	}
	return beginning(typed, names)
}

func (p *program) cellNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return p.remoteNames(cmd, typed, func(ctx context.Context, s *session) ([]string, error) {
		page, err := answer[api.CellPage](s.ListCells(ctx, &api.ListCellsParams{Limit: optional(pageLimit)}))
		var names []string
		for _, c := range page.Cells {
			names = append(names, c.ID)
		}
		return names, err
	})
}

// tenantNames proposes slugs from the first page of tenants only: the API
// finds a tenant by its whole slug, not by the beginning of one.
func (p *program) tenantNames(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return p.remoteNames(cmd, typed, func(ctx context.Context, s *session) ([]string, error) {
		page, err := answer[api.TenantPage](s.ListTenants(ctx, &api.ListTenantsParams{Limit: optional(pageLimit)}))
		var names []string
		for _, t := range page.Tenants {
			names = append(names, t.Slug)
		}
		return names, err
	})
}

func (p *program) remoteNames(cmd *cobra.Command, typed string, fetch func(context.Context, *session) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	p.warned = true // a warning would land in the middle of the command line
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	s, err := p.connect()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, err := fetch(ctx, s)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return beginning(typed, names)
}

func beginning(typed string, names []string) ([]string, cobra.ShellCompDirective) {
	names = slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, typed) })
	return names, cobra.ShellCompDirectiveNoFileComp
}
