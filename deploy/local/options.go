package local

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/coditect/platform/shared/servers"
)

// Options says which platform, and how.
type Options struct {
	// Root is the repository's directory: the programs are built from it.
	Root string
	// Dir holds everything of the platform; Root/.local if empty. It is made
	// if it is not there.
	Dir string
	// BinDir is where the programs are built; Dir/bin if empty.
	BinDir string
	// Prebuilt says that BinDir holds the programs already.
	Prebuilt bool
	// Ports is where everything listens. Nil means where it listened last
	// time, or DefaultPorts(0).
	Ports Ports
	// Reach is where programs find a port, by its name, if that is not where its
	// part listens: what a test puts between the two.
	Reach Ports
	// Hydra is the authorization server's program; what `make hydra` builds in
	// Root if empty.
	Hydra string
	// Issuers are whose access tokens a region's router accepts instead of the
	// platform's own.
	Issuers map[string]Issuer
	// WithoutTenants leaves out the demo tenants.
	WithoutTenants bool
	// Watched adds Prometheus and Alertmanager, once and for all: a platform that
	// was watched stays so.
	Watched bool
	// Jaeger is the path of its program; with Watched it takes the platform's
	// traces. While it is not built, they are sent to where it will be.
	Jaeger string
	// Traces is the URL of an OTLP receiver that gets the traces of all requests
	// instead: a test's own.
	Traces string
	// Archived has the cells' databases copy their log into an archive, and put
	// checksums on their pages, for those who restore them.
	Archived bool
	// Attached ends all parts with the program that started them.
	Attached bool
	// Out receives the progress, for people; nil means nobody watches.
	Out io.Writer
}

// Issuer is an issuer of access tokens, as the routers know it.
type Issuer struct{ JWKSURL, Name, Audience string }

// Validate checks the options and fills in what follows from others.
func (o *Options) Validate() error {
	if o.Root == "" {
		return errors.New("options: Root is empty")
	}
	if o.Dir == "" {
		o.Dir = filepath.Join(o.Root, ".local")
	}
	if o.BinDir == "" {
		o.BinDir = filepath.Join(o.Dir, "bin")
	}
	if o.Hydra == "" {
		program, err := servers.HydraProgram(o.Root)
		if err != nil {
			return fmt.Errorf("options: %w", err)
		}
		o.Hydra = program
	}
	for _, path := range []*string{&o.Root, &o.Dir, &o.BinDir, &o.Hydra, &o.Jaeger} {
		if *path == "" {
			continue // there is no Jaeger
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("options: %w", err)
		}
		*path = absolute
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	if o.Ports == nil {
		return nil
	}
	if err := o.Ports.Validate(); err != nil {
		return fmt.Errorf("options: %w", err)
	}
	return nil
}
