package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
)

// revalidate lets clients keep answers for themselves if they ask each time
// whether they still hold.
const revalidate = "private, no-cache"

// bodyTagBytes is how much of a body's hash tells two of one list apart.
const bodyTagBytes = 12

// bodyTag is the entity tag of what has no version: a page of a list.
func bodyTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"h` + hex.EncodeToString(sum[:bodyTagBytes]) + `"`
}

// sendConditional answers a GET request, or says that what the client has still
// holds (RFC 9110 §13.1.2).
func sendConditional(w http.ResponseWriter, r *http.Request, a cell.Answer, epoch uint64) {
	h := w.Header()
	h.Set("ETag", a.ETag)
	h.Set("Cache-Control", revalidate)
	if epoch > 0 {
		h.Set(cellapi.HeaderTenantEpoch, strconv.FormatUint(epoch, 10))
	}
	if hasTag(r.Header.Values("If-None-Match"), a.ETag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", a.MediaType)
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the client may be gone
}

// hasTag compares weakly, as If-None-Match asks. This API's tags hold no comma.
func hasTag(headers []string, tag string) bool {
	for _, header := range headers {
		for one := range strings.SplitSeq(header, ",") {
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
