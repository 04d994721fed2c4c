package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

func (p *program) auditVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify TENANT", Short: "Compare a tenant's audit log with what is kept of it", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `The tenant's cell reads the whole log and verifies its chain against the newest
signed checkpoint that the control plane fetched: whoever owns the cell's database
can cut off a log together with its checkpoints there, but not here. A difference
is exit code 6.`,
		Example: "  cellctl audit verify acme\n  cellctl audit verify acme -o json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			var report api.AuditReport
			if err == nil {
				report, err = answer[api.AuditReport](s.VerifyTenantAudit(cmd.Context(), t.TenantID))
			}
			if err != nil {
				return doing(err, "verify the audit log of %s", args[0])
			}
			if p.flags.output.forPrograms() {
				err = p.writeDocument(report)
			} else {
				err = writeFields(p, auditFields(t, report))
			}
			if err == nil && !report.Intact {
				f := failed("verify the audit log of %s: it is not as it was written", args[0])
				f.exit = ExitMismatch
				return f
			}
			return err
		}),
	}
}

func auditFields(t api.Tenant, r api.AuditReport) []field {
	verdict, against := "intact", "nothing: no checkpoint was fetched yet"
	if !r.Intact {
		verdict = "NOT INTACT"
	}
	if k := r.Against; k != nil {
		against = "checkpoint " + strconv.FormatInt(k.Checkpoint.No, 10) + " at place " + strconv.FormatInt(k.Checkpoint.Seq, 10) + ", by " +
			k.Checkpoint.Cell + ", " + moment(&k.Checkpoint.SignedAt)
	}
	fields := []field{
		{label: "Audit log of", value: t.Slug},
		{label: "Verdict", value: verdict},
		{label: "Compared with", value: against},
		{label: "Entries", value: strconv.FormatInt(r.Entries, 10)},
		{label: "Not yet sealed", value: strconv.FormatInt(r.Pending, 10)},
		{label: "Checkpoints", value: strconv.FormatInt(r.Checkpoints, 10)},
		{label: "Signed to", value: strconv.FormatInt(r.SignedTo, 10)},
	}
	for _, f := range r.Findings {
		fields = append(fields, field{label: "Found", value: strings.TrimSpace(f.Kind + ": " + f.Message)})
	}
	return fields
}

func (p *program) auditCheckpoint() *cobra.Command {
	return &cobra.Command{
		Use: "checkpoint TENANT", Short: "Print the checkpoint that is kept of a tenant's audit log", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `Prints the newest signature under the tenant's audit log that its cell handed out,
as 'cell audit verify --anchor' takes it.`,
		Example: "  cellctl audit checkpoint acme > anchor.json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			var kept api.KeptCheckpoint
			if err == nil {
				kept, err = answer[api.KeptCheckpoint](s.GetAuditCheckpoint(cmd.Context(), t.TenantID))
			}
			if err != nil {
				return doing(err, "checkpoint of %s", args[0])
			}
			return p.writeDocument(kept.Checkpoint)
		}),
	}
}
