package main

import (
	"fmt"
	"slices"
	"strings"
)

// finding is a place where a plan breaks a policy.
type finding struct{ policy, address, what string }

// String is how it is told.
func (f finding) String() string { return f.policy + ": " + f.address + " " + f.what }

// report notes what is wrong with a resource.
type report func(r resource, what string, args ...any)

// policies are what must be true of every plan, each a list of statements about
// resources.
var policies = []struct {
	name  string
	judge func(p *plan, wrong report)
}{
	{"private", private},
	{"firewall", firewall},
	{"cmek", encrypted},
	{"tls", overTLS},
	{"digest", byDigest},
	{"identity", identity},
	{"least privilege", leastPrivilege},
	{"closed buckets", closedBuckets},
	{"deletion", protected},
	{"recovery", recoverable},
	{"labels", labelled},
	{"traces", traced},
	{"secrets in logs", unlogged},
	{"edge", guarded},
}

func judge(p plan) []finding {
	var found []finding
	for _, policy := range policies {
		policy.judge(&p, func(r resource, what string, args ...any) {
			found = append(found, finding{policy.name, r.Address, fmt.Sprintf(what, args...)})
		})
	}
	return found
}

// private: neither nodes nor stores have public addresses.
func private(p *plan, wrong report) {
	for _, r := range p.of("google_container_cluster") {
		if !r.is("private_cluster_config.enable_private_nodes") {
			wrong(r, "has nodes with public addresses")
		}
		if !r.is("private_cluster_config.enable_private_endpoint") {
			wrong(r, "has an API server with a public address")
		}
		if r.is("master_authorized_networks_config.gcp_public_cidrs_access_enabled") {
			wrong(r, "admits all of Google Cloud")
		}
	}
	for _, r := range p.of("google_sql_database_instance") {
		if r.get("settings.ip_configuration.ipv4_enabled") != false {
			wrong(r, "has a public address")
		}
		if len(r.list("settings.ip_configuration.authorized_networks")) > 0 {
			wrong(r, "names authorized networks")
		}
	}
	for _, r := range p.of("google_redis_instance") {
		if r.text("connect_mode") != "PRIVATE_SERVICE_ACCESS" {
			wrong(r, "is not in the private range")
		}
	}
	for _, r := range p.of("google_compute_subnetwork") {
		if !r.is("private_ip_google_access") {
			wrong(r, "reaches Google's APIs through the internet only")
		}
	}
	for _, r := range p.of("google_network_connectivity_spoke") {
		if len(r.list("linked_vpc_network.include_export_ranges")) != 1 {
			wrong(r, "exports more than one range")
		}
	}
	for _, r := range p.of("google_compute_network") {
		if r.get("auto_create_subnetworks") != false {
			wrong(r, "makes subnetworks in every region by itself")
		}
	}
}

// overTLS: nothing is spoken in the clear.
func overTLS(p *plan, wrong report) {
	for _, r := range p.of("google_sql_database_instance") {
		if mode := r.text("settings.ip_configuration.ssl_mode"); mode != "ENCRYPTED_ONLY" && mode != "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" {
			wrong(r, "accepts connections without TLS")
		}
	}
	for _, r := range p.of("google_redis_instance") {
		if r.text("transit_encryption_mode") != "SERVER_AUTHENTICATION" {
			wrong(r, "accepts connections without TLS")
		}
		if !r.is("auth_enabled") {
			wrong(r, "has no password")
		}
	}
	for _, r := range p.of("google_compute_ssl_policy") {
		if min := r.text("min_tls_version"); r.text("profile") != "RESTRICTED" || min != "TLS_1_2" && min != "TLS_1_3" {
			wrong(r, "accepts old TLS")
		}
	}
	for _, r := range p.of("google_compute_target_https_proxy") {
		if !r.set("ssl_policy") {
			wrong(r, "has no TLS policy")
		}
		if r.text("tls_early_data") != "DISABLED" {
			wrong(r, "accepts early data, which can be replayed")
		}
	}
	for _, r := range p.of("google_compute_backend_service") {
		if protocol := r.text("protocol"); protocol != "HTTPS" && protocol != "HTTP2" {
			wrong(r, "speaks %s to its backends", protocol)
		}
	}
	redirects := 0
	for _, r := range p.of("google_compute_url_map") {
		if r.is("default_url_redirect.https_redirect") {
			redirects++
		}
	}
	for _, r := range p.of("google_compute_target_http_proxy") {
		if redirects == 0 {
			wrong(r, "serves in the clear")
		}
	}
	for _, r := range p.of("google_monitoring_uptime_check_config") {
		if !r.is("http_check.use_ssl") || !r.is("http_check.validate_ssl") {
			wrong(r, "probes without TLS")
		}
	}
	inManifests(p, "RabbitmqCluster", func(r resource, m map[string]any) {
		if descend(m, "spec.tls.disableNonTLSListeners") != true {
			wrong(r, "has a broker that listens without TLS")
		}
	})
	inManifests(p, "SGShardedCluster", func(r resource, m map[string]any) {
		if descend(m, "spec.postgres.ssl.enabled") != true {
			wrong(r, "has a database without TLS")
		}
	})
}

// byDigest: what runs is known to the byte, and signed.
func byDigest(p *plan, wrong report) {
	for _, r := range p.of("google_container_cluster") {
		if r.text("binary_authorization.evaluation_mode") != "PROJECT_SINGLETON_POLICY_ENFORCE" {
			wrong(r, "runs whatever it is given")
		}
	}
	for _, r := range p.of("google_binary_authorization_policy") {
		if r.text("default_admission_rule.evaluation_mode") != "REQUIRE_ATTESTATION" ||
			r.text("default_admission_rule.enforcement_mode") != "ENFORCED_BLOCK_AND_AUDIT_LOG" {
			wrong(r, "admits unsigned images")
		}
		if len(r.list("admission_whitelist_patterns")) > 0 {
			wrong(r, "has exceptions")
		}
	}
	for _, r := range p.of("google_artifact_registry_repository") {
		if !r.is("docker_config.immutable_tags") {
			wrong(r, "lets tags move")
		}
	}
	inManifests(p, "", func(r resource, m map[string]any) {
		for _, image := range images(m) {
			if !strings.Contains(image, "@sha256:") {
				wrong(r, "has the image %s, which is no digest", image)
			}
		}
	})
}

// identity: accounts without keys, clusters without passwords.
func identity(p *plan, wrong report) {
	for _, r := range p.of("google_container_cluster") {
		if !r.set("workload_identity_config.workload_pool") {
			wrong(r, "has no workload identity")
		}
		if r.get("master_auth.client_certificate_config.issue_client_certificate") != false {
			wrong(r, "issues client certificates")
		}
		if r.get("rbac_binding_config.enable_insecure_binding_system_authenticated") != false ||
			r.get("rbac_binding_config.enable_insecure_binding_system_unauthenticated") != false {
			wrong(r, "lets roles be bound to everybody")
		}
	}
	for _, r := range p.of("google_service_account_key", "google_storage_hmac_key") {
		wrong(r, "is a key that can be copied")
	}
	for _, r := range p.of("google_sql_user") {
		if r.set("password") {
			wrong(r, "puts a password into the state")
		}
	}
}

// oneOf reports whether a value is among some.
func oneOf(v any, allowed ...string) bool {
	s, ok := v.(string)
	return ok && slices.Contains(allowed, s)
}
