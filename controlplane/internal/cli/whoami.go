package cli

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

func (p *program) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show who you are to the control plane", Args: named(),
		Long: `Shows who this context is to the control plane, and in which role: viewer may
look, operator may change cells and tenants, admin may also manage keys, billing
may look and do what belongs to billing.`,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			who, err := answer[api.Caller](s.WhoAmI(cmd.Context()))
			if err != nil {
				return doing(err, "ask who you are")
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(who)
			}
			return writeFields(p, []field{
				{label: callerWords[who.Kind], value: who.Name},
				{label: "Role", value: string(who.Role)},
				{label: "Cell", value: deref(who.Cell), wide: who.Cell == nil},
				{label: "Server", value: s.target.Server},
				{label: "Context", value: s.target.name},
				{label: "Created", value: moment(who.CreatedAt), wide: true},
				{label: "Last used", value: moment(who.LastUsedAt), wide: true},
			})
		}),
	}
}

// callerWords say what a caller is.
var callerWords = map[api.CallerKind]string{api.CallerKindKey: "Key", api.CallerKindOperator: "Operator", api.CallerKindClient: "Client"}
