package main

import (
	"strings"
)

// keyFields say where each kind of store names the key that encrypts it.
var keyFields = map[string][]string{
	"google_artifact_registry_repository":  {"kms_key_name"},
	"google_container_cluster":             {"database_encryption.key_name", "cluster_autoscaling.auto_provisioning_defaults.boot_disk_kms_key"},
	"google_logging_project_bucket_config": {"cmek_settings.kms_key_name"},
	"google_redis_instance":                {"customer_managed_key"},
	"google_secret_manager_secret":         {"replication.user_managed.replicas.customer_managed_encryption.kms_key_name"},
	"google_sql_database_instance":         {"encryption_key_name"},
	"google_storage_bucket":                {"encryption.default_kms_key_name"},
	"google_bigquery_dataset":              {"default_encryption_configuration.kms_key_name"},
	"google_compute_disk":                  {"disk_encryption_key.kms_key_self_link"},
	"google_pubsub_topic":                  {"kms_key_name"},
	"google_redis_cluster":                 {"kms_key"},
}

// encrypted: every store with a key of ours. A kind of store that is not in the
// table is found by review; those above are all that hold a tenant's data here or
// are likely to.
func encrypted(p *plan, wrong report) {
	for kind, paths := range keyFields {
		for _, r := range p.of(kind) {
			for _, path := range paths {
				if !r.set(path) {
					wrong(r, "has no %s", path)
				}
			}
		}
	}
	for _, r := range p.of("google_container_cluster") {
		if r.text("database_encryption.state") != "ENCRYPTED" {
			wrong(r, "keeps Kubernetes' secrets in the clear")
		}
	}
	for _, r := range p.of("google_kms_crypto_key") {
		if !r.set("rotation_period") {
			wrong(r, "is never rotated")
		}
	}
	inManifests(p, "StorageClass", func(r resource, m map[string]any) {
		parameters, _ := m["parameters"].(map[string]any)
		if key, _ := parameters["disk-encryption-kms-key"].(string); key == "" {
			wrong(r, "has volumes without a key of ours")
		}
	})
}

// firewall: what is not named does not pass.
func firewall(p *plan, wrong report) {
	denies := map[string]bool{}
	for _, r := range p.of("google_compute_firewall") {
		direction, all := r.text("direction"), []string{"0.0.0.0/0", "::/0"}
		if len(r.list("deny")) > 0 {
			if priority, _ := r.get("priority").(float64); priority == 65534 && r.text("deny.protocol") == "all" {
				denies[direction] = true
			}
			continue
		}
		protocol, ports := r.text("allow.protocol"), r.list("allow.ports")
		switch direction {
		case "INGRESS":
			for _, source := range r.list("source_ranges") {
				if oneOf(source, all...) {
					wrong(r, "lets the internet in")
				}
			}
			if protocol != "tcp" || len(ports) == 0 {
				wrong(r, "lets more in than some TCP ports")
			}
			if len(r.list("target_tags"))+len(r.list("target_service_accounts")) == 0 {
				wrong(r, "opens every machine of the network")
			}
		case "EGRESS":
			for _, target := range r.list("destination_ranges") {
				if oneOf(target, all...) && (protocol != "tcp" || len(ports) == 0) {
					wrong(r, "lets everything out")
				}
			}
		default:
			wrong(r, "has no direction")
		}
	}
	for _, r := range p.of("google_compute_network") {
		if !denies["INGRESS"] || !denies["EGRESS"] {
			wrong(r, "does not deny by default, in and out")
		}
	}
}

// projectRoles may be given on a whole project.
var projectRoles = []string{
	"roles/artifactregistry.reader", "roles/cloudsql.client", "roles/cloudtrace.agent", "roles/container.defaultNodeServiceAccount",
	"roles/logging.logWriter", "roles/monitoring.metricWriter",
}

// resourceRoles may be given on one bucket, key, secret, account.
var resourceRoles = []string{
	"roles/cloudkms.cryptoKeyEncrypterDecrypter", "roles/iam.workloadIdentityUser", "roles/secretmanager.secretAccessor",
	"roles/storage.legacyObjectReader", "roles/storage.objectCreator", "roles/storage.objectUser", "roles/storage.objectViewer",
}

// conditionalRoles may be given on a whole project if a condition names the resources.
var conditionalRoles = []string{"roles/compute.loadBalancerServiceUser"}

// leastPrivilege: roles from short lists, to workloads, added one by one.
func leastPrivilege(p *plan, wrong report) {
	for _, r := range p.Resources {
		if r.Mode != "managed" || !strings.Contains(r.Type, "_iam_") {
			continue
		}
		switch {
		case strings.HasSuffix(r.Type, "_iam_binding"), strings.HasSuffix(r.Type, "_iam_policy"):
			wrong(r, "takes away what others granted")
		case !strings.HasSuffix(r.Type, "_iam_member"):
			continue
		case r.Type == "google_project_iam_member":
			custom := !r.set("role") || unknown(r.Change.Unknown, "role") // one of ours, made in the same plan
			narrow := oneOf(r.get("role"), conditionalRoles...) && strings.Contains(r.text("condition.expression"), "resource.name")
			if !custom && !narrow && !oneOf(r.get("role"), projectRoles...) {
				wrong(r, "gives %s in the whole project", r.text("role"))
			}
		case !oneOf(r.get("role"), resourceRoles...):
			wrong(r, "gives %s", r.text("role"))
		}
		if member := r.text("member"); strings.HasPrefix(member, "all") && r.text("role") != "roles/storage.legacyObjectReader" {
			wrong(r, "gives it to %s", member)
		} else if strings.HasPrefix(member, "user:") || strings.HasPrefix(member, "domain:") {
			wrong(r, "gives it to a person")
		}
	}
	for _, r := range p.of("google_project_iam_custom_role") {
		for _, permission := range r.list("permissions") {
			if s, _ := permission.(string); strings.HasSuffix(s, "setIamPolicy") || strings.HasSuffix(s, ".delete") || strings.Contains(s, "*") {
				wrong(r, "may %s", s)
			}
		}
	}
}

// closedBuckets: one bucket is public, and says so.
func closedBuckets(p *plan, wrong report) {
	for _, r := range p.of("google_storage_bucket") {
		if !r.is("uniform_bucket_level_access") {
			wrong(r, "has objects with access lists of their own")
		}
		labels, _ := r.get("labels").(map[string]any)
		if r.text("public_access_prevention") != "enforced" && labels["public"] != "yes" {
			wrong(r, "can be made public")
		}
		if !r.is("versioning.enabled") && len(r.list("retention_policy")) == 0 {
			wrong(r, "loses what is overwritten")
		}
	}
}
