package cli

import (
	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

func (p *program) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show who you are to the control plane", Args: named(),
		Long: `Shows the name and the role of the key that this context uses: viewer may look,
operator may change cells and tenants, admin may also manage keys.`,
		RunE: run(func(cmd *cobra.Command, _ []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			key, err := answer[api.Key](s.WhoAmI(cmd.Context()))
			if err != nil {
				return doing(err, "ask who you are")
			}
			if p.flags.output.forPrograms() {
				return p.writeDocument(key)
			}
			return writeFields(p, []field{
				{label: "Key", value: key.Name},
				{label: "Role", value: string(key.Role)},
				{label: "Cell", value: deref(key.Cell), wide: key.Cell == nil},
				{label: "Server", value: s.target.Server},
				{label: "Context", value: s.target.name},
				{label: "Created", value: moment(&key.CreatedAt), wide: true},
				{label: "Last used", value: moment(key.LastUsedAt), wide: true},
			})
		}),
	}
}
