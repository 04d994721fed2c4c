package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
)

// maxPolicyInput is more than any policy with its blanks, in bytes.
const maxPolicyInput = 256 << 10

func (p *program) edgeSet() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "set TENANT", Short: "Replace a tenant's edge policy", Args: named("TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `The file holds the whole policy; what it leaves out is removed:

  {
    "cors": {"allowed_origins": ["https://app.acme.com"], "allow_credentials": true},
    "request_headers": {"set": [{"name": "X-Channel", "value": "web"}]},
    "response_headers": {"remove": ["Server"]},
    "limits": [{"class": "write", "per_second": 20, "burst": 50}]
  }`,
		Example: "  cellctl tenant edge set acme --file policy.json\n  cellctl tenant edge show acme -o json | jq 'del(.limits)' | cellctl tenant edge set acme --file -",
		RunE: p.onEdge("set", func(ctx context.Context, s *session, t api.Tenant) error {
			raw, err := p.readPolicy(file)
			if err != nil {
				return err
			}
			// As it stands: the control plane tells of members that it does not know.
			policy, err := answer[directory.EdgePolicy](s.PutEdgePolicyWithBody(ctx, t.TenantID, &api.PutEdgePolicyParams{}, "application/json", bytes.NewReader(raw)))
			if err != nil {
				return err
			}
			return p.done(policy, "the edge policy of tenant %s is set", t.Slug)
		}),
	}
	cmd.Flags().StringVar(&file, "file", "", "the policy's `FILE`; - is standard input")
	_ = cmd.MarkFlagRequired("file") // fails only for a flag that is not there
	return cmd
}

// readPolicy reads a file that may be a policy.
func (p *program) readPolicy(path string) (raw []byte, err error) {
	in := p.opts.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, failed("%s", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	raw, err = io.ReadAll(io.LimitReader(in, maxPolicyInput+1))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, failed("read %s: %s", path, err)
	case len(raw) > maxPolicyInput:
		return nil, misused("%s is too large for a policy", path)
	case !json.Valid(raw):
		return nil, misused("%s is not a JSON document", path)
	}
	return raw, nil
}
