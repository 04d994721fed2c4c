package contender

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// HAProxyFull starts HAProxy with the edge's whole work: it verifies the access
// token and checks its claims, finds the cell by the token's tenant, counts the
// tenant's requests against a limit, takes away what a client may not send, and
// adds what a cell wants to know, signed. Its metrics are always counted.
//
// The payload is decoded once and not for every claim, and the host is not
// looked at: the token alone decides. Both make it cheaper.
func HAProxyFull(s *Setup, publicKey []byte) (*Contender, error) {
	const name = "haproxy-full"
	key, err := write(s, name, "issuer.pem", string(publicKey))
	if err != nil {
		return nil, err
	}
	return haproxy(s, name, fullRules(s, key)+fmt.Sprintf(`backend tenants
    stick-table type string len 36 size 1200000 expire 10s store http_req_rate(1s)
frontend metrics
    bind unix@%s
    http-request use-service prometheus-exporter
`, filepath.Join(s.Dir, name, "metrics.sock")))
}

func fullRules(s *Setup, key string) string {
	return strings.NewReplacer(
		"KEYFILE", key, "ISSUER", workload.IssuerURL, "AUDIENCE", workload.Audience, "LIMIT", itoa(workload.PerSecond),
		"IDMAP", s.IDMap, "SECRET", base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))),
	).Replace(`    unique-id-format %[uuid()]
    unique-id-header X-Request-Id
    option forwardfor
    http-request set-var(txn.token) http_auth_bearer
    http-request deny deny_status 401 unless { var(txn.token),jwt_header_query('$.alg') -m str RS256 }
    http-request deny deny_status 401 unless { var(txn.token),jwt_verify("RS256","KEYFILE") 1 }
    http-request set-var(txn.payload) var(txn.token),field(2,.),ub64dec
    http-request set-var(txn.exp) var(txn.payload),json_query('$.exp','int')
    http-request deny deny_status 401 unless { var(txn.payload),json_query('$.iss') -m str ISSUER }
    http-request deny deny_status 401 unless { var(txn.payload),json_query('$.aud') -m str AUDIENCE }
    http-request deny deny_status 401 if { date(),sub(txn.exp) ge 0 }
    http-request set-var(txn.tenant) var(txn.payload),json_query('$.tenant_id')
    http-request track-sc0 var(txn.tenant) table tenants
    http-request deny deny_status 429 if { sc_http_req_rate(0,tenants) gt LIMIT }
    http-request del-header x-tenant- -m beg
    http-request del-header x-edge- -m beg
    http-request del-header authorization
    http-request set-var(txn.principal) var(txn.token),field(2,.)
    http-request set-var-fmt(txn.signed) "edge-v1|%HM|%HU|%[var(txn.tenant)]|1|%ID|%[var(txn.principal)]|%[date]"
    http-request set-header X-Tenant-Id %[var(txn.tenant)]
    http-request set-header X-Tenant-Epoch 1
    http-request set-header X-Tenant-Principal %[var(txn.principal)]
    http-request set-header X-Edge-Timestamp %[date]
    http-request set-header X-Edge-Signature v1=%[var(txn.signed),hmac(sha256,SECRET),hex,lower]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-response del-header Server
    http-response del-header X-Powered-By
    http-response set-header X-Content-Type-Options nosniff
    http-response set-header X-Frame-Options DENY
    http-response set-header Referrer-Policy no-referrer
    http-response set-header X-Request-Id %ID
    use_backend %[var(txn.tenant),map_str(IDMAP)]
`)
}
