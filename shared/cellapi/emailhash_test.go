package cellapi_test

import (
	"testing"

	"github.com/coditect/platform/shared/cellapi"
)

func TestEmailHash(t *testing.T) {
	t.Parallel()
	key := cellapi.EmailKey([]byte("master"))
	hash := cellapi.EmailHash(key, "Ada@Example.org")
	if hash != cellapi.EmailHash(key, " ada@example.ORG ") {
		t.Error("the case counts")
	}
	if hash == cellapi.EmailHash(key, "ada@example.com") || hash == cellapi.EmailHash(cellapi.EmailKey([]byte("other")), "ada@example.org") {
		t.Error("another address or key gives the same hash")
	}
	if string(key) == string(cellapi.DeriveKey([]byte("master"), "e-mail index")) {
		t.Error("the key of a cell")
	}
}
