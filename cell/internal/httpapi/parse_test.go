package httpapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell/internal/httpapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][]int64{
		`"v1"`: {1}, `"v1", "v22"`: {1, 22}, `W/"v1"`: {}, `"x"`: {}, `"v"`: {}, `"v-1"`: {-1}, `"v1" , W/"v2"`: {1}, "*": nil, " * ": nil,
	} {
		pre, err := httpapi.ParseIfMatch(&header)
		if err != nil || !slices.Equal(pre, want) || (pre == nil) != (want == nil) {
			t.Errorf("%s: %v, %v", header, pre, err)
		}
	}
	for _, header := range []string{"", "v1", `"v1`, `v1"`, `"a"b"`, `"v1",`, "*,", strings.Repeat(`"v1",`, 30) + `"v1"`} {
		if pre, err := httpapi.ParseIfMatch(&header); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v, %v", header, pre, err)
		}
	}
}

func TestEveryOperationDeclaresAPermission(t *testing.T) {
	t.Parallel()
	spec := `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{"/x":{"get":{"operationId":"x",%s"responses":{}}}}}`
	for _, declared := range []string{"", `"x-permission":"everything",`, `"x-permission":7,`} {
		if p, err := httpapi.ReadPermissions([]byte(strings.Replace(spec, "%s", declared, 1))); err == nil {
			t.Errorf("%q: %v", declared, p)
		}
	}
}

// fuzzed is fixed: every process of a fuzzing run must judge alike.
var fuzzed = tenancy.ID{0x01, 0x90, 0xab, 15: 0xff}

func FuzzParseKey(f *testing.F) {
	tenant := fuzzed
	hex := strings.ReplaceAll(tenant.String(), "-", "")
	f.Add("Bearer cdt_" + hex + "_" + strings.Repeat("A", 43))
	f.Add("bearer cdt_" + strings.ToUpper(hex) + "_" + strings.Repeat("_", 43))
	f.Add("Basic x")
	f.Fuzz(func(t *testing.T, authorization string) {
		hash, err := httpapi.ParseKey([]string{authorization}, tenant)
		if err != nil {
			if fault.CodeOf(err) != fault.Unauthenticated {
				t.Fatalf("%v", err)
			}
			return
		}
		if len(hash) != 32 || !strings.Contains(strings.ToLower(authorization), hex) {
			t.Fatalf("accepted %q for %s", authorization, tenant)
		}
	})
}

func FuzzIfMatch(f *testing.F) {
	f.Add(`"v1", W/"v2"`)
	f.Fuzz(func(t *testing.T, header string) {
		pre, err := httpapi.ParseIfMatch(&header)
		if err == nil && pre == nil && strings.TrimSpace(header) != "*" {
			t.Fatalf("%q requires nothing", header)
		}
	})
}

func FuzzCursor(f *testing.F) {
	tenant := fuzzed
	after := uuid.New()
	f.Add(*httpapi.EncodeCursor(tenant, "projects", after))
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		got, err := httpapi.DecodeCursor(tenant, "projects", cursor)
		if err != nil {
			return
		}
		if again := httpapi.EncodeCursor(tenant, "projects", got); again == nil || *again != cursor {
			t.Fatalf("%q is not the cursor of %s", cursor, got)
		}
	})
}
