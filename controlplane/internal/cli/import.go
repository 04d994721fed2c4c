package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/controlplane/api"
)

// importing is what 'tenant import' was asked to do.
type importing struct {
	path      string // "-" is standard input
	provision string
	results   string // file for the result lines; "" for none
}

var provisions = []string{string(api.Cells), string(api.Directory)}

const importHelp = `Streams tenants to the control plane, one JSON object a line:

  {"slug":"acme","organization":"Acme Inc","owner":{"name":"Ada Low","email":"ada@acme.com"}}

Optional: "tenant_id", "region", "plan", "cell". A bad line is reported and does not
stop the others; then the exit code is 1. Importing a file again is safe: what is
there already is counted as existing.

The answer has a line for each tenant, with its owner's new API key, which is
stored nowhere. --results keeps these lines in a new file (mode 0600); -o jsonl
prints them. Otherwise only failed lines and the sums are shown.`

func (p *program) tenantImport() *cobra.Command {
	im := importing{provision: string(api.Cells)}
	cmd := &cobra.Command{
		Use: "import FILE|-", Short: "Create many tenants from a stream of JSON lines", Long: importHelp, Args: named("FILE (or - for standard input)"),
		Example: `  cellctl tenant import tenants.ndjson --results results.ndjson
  generate-tenants | cellctl tenant import - --provision directory     # load tests: no rows in the cells`,
		RunE: run(func(cmd *cobra.Command, args []string) error {
			im.path = args[0]
			return p.importTenants(cmd.Context(), im)
		}),
	}
	cmd.Flags().Var(choice{&im.provision, provisions}, "provision", "create the tenants in their cells, or in the directory only")
	cmd.Flags().StringVar(&im.results, "results", "", "keep the result lines in this new `FILE`")
	p.complete(cmd, "provision", fixed(provisions...))
	return cmd
}

func (p *program) importTenants(ctx context.Context, im importing) (err error) {
	s, err := p.connect()
	if err != nil {
		return err
	}
	in, size, err := p.openImport(im.path)
	if err != nil {
		return err
	}
	defer in.Close()
	tally, err := p.newTally(im, size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tally.close()) }()
	body := interruptible(ctx, &counted{r: in, n: &tally.sent})
	resp, err := s.streams.ImportTenantsWithBody(ctx, &api.ImportTenantsParams{Provision: (*api.ImportProvision)(&im.provision)}, "application/x-ndjson", body)
	if err != nil {
		return doing(err, "import tenants")
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return doing(problem(resp), "import tenants")
	}
	if err := tally.read(resp.Body); err != nil {
		f := failed("import tenants: %s", err)
		f.requestID = resp.Header.Get("X-Request-Id")
		return f.withHint("import the file again: what is there already is counted as existing")
	}
	return tally.finish()
}

// openImport opens the input; size is -1 if it is not known.
func (p *program) openImport(path string) (in io.ReadCloser, size int64, err error) {
	if path == "-" {
		return io.NopCloser(p.opts.Stdin), -1, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, failed("import tenants: %s", err)
	}
	info, err := f.Stat()
	switch {
	case err != nil || info.IsDir():
		return nil, 0, errors.Join(failed("import tenants: %s is not a file", path), f.Close())
	case info.Mode().IsRegular():
		return f, info.Size(), nil
	}
	return f, -1, nil
}

func (p *program) newTally(im importing, size int64) (*tally, error) {
	t := &tally{p: p, size: size, began: p.opts.Now()}
	if im.results == "" {
		if im.provision == string(api.Cells) && p.flags.output != formatJSONL {
			p.note("note: the owners' new API keys are not kept; --results FILE keeps them")
		}
		return t, nil
	}
	f, err := os.OpenFile(im.results, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, failed("import tenants: %s is there already, and may hold the keys of another import", im.results).withHint("choose another name for --results")
	}
	if err != nil {
		return nil, failed("import tenants: %s", err)
	}
	t.results = f
	return t, nil
}

// keep writes a result line where it was asked to be.
func (t *tally) keep(line json.RawMessage) error {
	whole := append(line, '\n')
	if t.results != nil {
		if _, err := t.results.Write(whole); err != nil {
			return err
		}
	}
	if t.p.flags.output == formatJSONL {
		if _, err := t.p.opts.Stdout.Write(whole); err != nil {
			return err
		}
	}
	return nil
}
