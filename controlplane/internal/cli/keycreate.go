package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
)

// keyWish is what 'key create' was asked to do.
type keyWish struct {
	role, cell string
	secretFile string // where the secret goes instead of the terminal
}

func (p *program) keyCreate() *cobra.Command {
	var wish keyWish
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Create an API key", Args: named("NAME"), ValidArgsFunction: cobra.NoFileCompletions,
		Long: `Shows the key's secret this once; --secret-file writes it to a file (mode 0600)
instead. A name, once used, is never given to another key.`,
		Example: "  cellctl key create grace --role operator\n  cellctl key create cell-a --role cell --cell cell-a --secret-file cell-a.key",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			return p.createKey(cmd.Context(), args[0], wish)
		}),
	}
	cmd.Flags().Var(choice{&wish.role, keyRoles}, "role", "what the key may do")
	cmd.Flags().StringVar(&wish.cell, "cell", "", "with the role cell: the cell that it is for")
	cmd.Flags().StringVar(&wish.secretFile, "secret-file", "", "write the secret to this `FILE` and do not print it")
	_ = cmd.MarkFlagRequired("role") // fails only for a flag that is not there
	p.complete(cmd, "role", fixed(keyRoles...))
	p.complete(cmd, "cell", p.cellNames)
	return cmd
}

func (p *program) createKey(ctx context.Context, name string, wish keyWish) error {
	s, err := p.connect()
	if err != nil {
		return err
	}
	made, err := answer[api.CreatedKey](s.CreateKey(ctx, api.CreateKeyRequest{Name: name, Role: api.Role(wish.role), Cell: optional(wish.cell)}))
	if err != nil {
		return doing(hinting(err, fault.Conflict, "'cellctl key ls' lists keys, revoked ones too; choose another name"), "create key %s", name)
	}
	if wish.secretFile != "" {
		if err := replaceFile(wish.secretFile, []byte(made.Secret+"\n")); err != nil {
			return failed("key %s was created, but its secret could not be written: %s", name, err).withHint("revoke it and create another: cellctl key revoke %s", name)
		}
		made.Secret = ""
	}
	return p.showKey(made, wish)
}

func (p *program) showKey(made api.CreatedKey, wish keyWish) error {
	if p.flags.output.forPrograms() {
		return p.writeDocument(createdKeyView{Key: made.Key, Secret: made.Secret})
	}
	secret := made.Secret
	if wish.secretFile != "" {
		secret = "in " + wish.secretFile
	}
	err := writeFields(p, []field{
		{label: "Key", value: made.Key.Name},
		{label: "Role", value: string(made.Key.Role)},
		{label: "Cell", value: deref(made.Key.Cell), wide: made.Key.Cell == nil},
		{label: "Secret", value: secret},
	})
	if err == nil && wish.secretFile == "" {
		p.note("the secret is not shown again: hand it over, then forget it")
	}
	return err
}

// createdKeyView is the API's answer; the secret is absent if it went to a file.
type createdKeyView struct {
	Key    api.Key `json:"key"`
	Secret string  `json:"secret,omitempty"`
}
