package cli

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
)

func (p *program) certificateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "certificate MIGRATION|TENANT", Short: "Print the signed certificate of a move", Args: named("MIGRATION|TENANT"), ValidArgsFunction: firstOnly(p.tenantNames),
		Long: `The certificate says which tables were moved, how many rows, the digests of both
sides, the files, the log positions, the write pause, and, once the routers have
told, how many requests met the pause and how many of those failed. 'migration
verify' checks its signature.`,
		Example: "  cellctl migration certificate acme > acme.json",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			s, err := p.connect()
			if err != nil {
				return err
			}
			m, err := s.migration(cmd.Context(), args[0])
			var document json.RawMessage
			if err == nil {
				document, err = answer[json.RawMessage](s.GetCertificate(cmd.Context(), m.ID))
			}
			if err != nil {
				return doing(err, "certificate of %s", args[0])
			}
			return p.writeDocument(document)
		}),
	}
}

func (p *program) certificateVerify() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use: "verify FILE|-", Short: "Check a certificate's signature", Args: named("FILE|-"),
		Long: `Checks that the certificate is one that the control plane signed, and unchanged.
The key is the control plane's own, asked for, or the one given: a certificate is
never checked with the key that it names itself.`,
		Example: "  cellctl migration verify acme.json\n  cellctl migration certificate acme | cellctl migration verify -",
		RunE: run(func(cmd *cobra.Command, args []string) error {
			document, err := p.readDocument(args[0])
			if err != nil {
				return err
			}
			public, err := base64.StdEncoding.DecodeString(key)
			if err != nil {
				return misused("--public-key is not base64")
			}
			if key == "" {
				s, err := p.connect()
				if err != nil {
					return err
				}
				known, err := answer[api.CertificateKey](s.GetCertificateKey(cmd.Context()))
				if err != nil {
					return doing(err, "ask for the control plane's key")
				}
				public = known.PublicKey
			}
			c, err := controlplane.ReadCertificate(document, public)
			if errors.Is(err, controlplane.ErrCertificate) {
				f := failed("verify %s: %s", args[0], err)
				f.exit = ExitMismatch
				return f
			}
			if err != nil {
				return failed("verify %s: %s", args[0], err)
			}
			return p.done(c, "the certificate is genuine: %s from %s to %s, %s in %s, committed %s%s", c.Slug, c.Source, c.Target,
				plural(c.Rows, "row"), plural(int64(len(c.Tables)), "table"), moment(&c.Committed), heldText(c))
		}),
	}
	cmd.Flags().StringVar(&key, "public-key", "", "check with this `KEY` (base64) instead of asking the control plane for its own")
	return cmd
}

// heldText says what became of requests that met the write pause, if that is known.
func heldText(c controlplane.Certificate) string {
	if c.RequestsHeld == nil {
		return ""
	}
	return fmt.Sprintf("; %s held, %s failed", plural(*c.RequestsHeld, "request"), thousands(deref(c.RequestsFail)))
}

// maxCertificate bounds what is read as one.
const maxCertificate = 4 << 20

func (p *program) readDocument(path string) ([]byte, error) {
	in := io.NopCloser(p.opts.Stdin)
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, failed("%s", err)
		}
		in = file
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxCertificate))
	if err != nil {
		return nil, failed("read %s: %s", path, err)
	}
	return raw, nil
}
