package local

import (
	"context"

	"github.com/coditect/platform/shared/servers"
)

// part is one process of the platform.
type part struct {
	name string
	// needs names the parts and steps that must be done before it starts.
	needs []string
	// prepare makes its directory ready; nil: nothing to do.
	prepare func(context.Context) error
	spec    servers.Spec
}

// step is something else that must be done while the platform starts.
type step struct {
	name  string
	needs []string
	do    func(context.Context) error
	// unseen steps are not shown, since they have nothing to do.
	unseen bool
}

// server is a value of shared/servers.
type server interface {
	Prepare(ctx context.Context) error
	Spec() servers.Spec
}

func serverPart(name string, s server, needs ...string) part {
	return part{name: name, needs: needs, prepare: s.Prepare, spec: s.Spec()}
}
