package fence_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
	"github.com/coditect/platform/shared/cellapi"
)

// sign signs a request as a router does for a cell.
func sign(r *http.Request, cell int, epoch uint64) {
	now := time.Now().Unix()
	signer := cellapi.NewSigner(cellapi.DeriveKey(master, workload.CellName(cell)))
	r.Header.Set(cellapi.HeaderTimestamp, strconv.FormatInt(now, 10))
	r.Header.Set(cellapi.HeaderSignature, string(signer.Append(nil, &cellapi.Claims{
		Method: []byte(r.Method), Target: []byte(r.RequestURI), TenantID: []byte(r.Header.Get(cellapi.HeaderTenantID)), Epoch: epoch, Timestamp: now,
	})))
}

func newBody(b []byte) io.Reader { return bytes.NewReader(b) }
