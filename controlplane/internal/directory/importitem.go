package directory

import (
	"github.com/coditect/platform/controlplane"
)

// item is a line on its way through an import. It is settled when it has a
// status; until then, pending means that its cell has yet to be asked.
type item struct {
	line    int64
	in      ImportLine
	tenant  controlplane.Tenant
	pending bool
	apiKey  string
	status  ImportStatus
	err     error
}

func (it *item) fail(err error) {
	it.status, it.err, it.pending = ImportFailed, err, false
}

// created notes that the directory has the tenant, which its cell may have yet
// to be told.
func (it *item) created(withCells bool) {
	if withCells {
		it.pending = true
		return
	}
	it.status = ImportCreated
}

func failAll(items []*item, err error) {
	for _, it := range items {
		if it.status == "" && !it.pending {
			it.fail(err)
		}
	}
}

func results(batch []*item) []ImportResult {
	out := make([]ImportResult, len(batch))
	for i, it := range batch {
		out[i] = ImportResult{Line: it.line, Status: it.status, Tenant: it.tenant, APIKey: it.apiKey, Err: it.err}
	}
	return out
}
