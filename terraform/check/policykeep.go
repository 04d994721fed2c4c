package main

import (
	"slices"
	"strings"
)

// protected: what holds data is not deleted by a plan that nobody read.
func protected(p *plan, wrong report) {
	for _, r := range p.of("google_container_cluster", "google_secret_manager_secret") {
		if !r.is("deletion_protection") {
			wrong(r, "can be deleted")
		}
	}
	for _, r := range p.of("google_sql_database_instance") {
		if !r.is("deletion_protection") || !r.is("settings.deletion_protection_enabled") {
			wrong(r, "can be deleted")
		}
	}
	for _, r := range p.of("google_storage_bucket") {
		if r.is("force_destroy") {
			wrong(r, "is deleted with all it holds")
		}
	}
	for _, r := range p.of("google_kms_crypto_key") {
		if r.text("destroy_scheduled_duration") != "2592000s" {
			wrong(r, "is destroyed sooner than in 30 days")
		}
	}
	for _, r := range p.of("google_sql_database") {
		if r.text("deletion_policy") != "ABANDON" {
			wrong(r, "is dropped")
		}
	}
	inManifests(p, "StorageClass", func(r resource, m map[string]any) {
		if m["reclaimPolicy"] != "Retain" {
			wrong(r, "has volumes that go with their claims")
		}
	})
}

// recoverable: RPO and RTO of an hour, and a copy elsewhere.
func recoverable(p *plan, wrong report) {
	for _, r := range p.of("google_sql_database_instance") {
		if r.set("master_instance_name") {
			continue // a replica has its primary's backups
		}
		days, _ := r.get("settings.backup_configuration.transaction_log_retention_days").(float64)
		kept, _ := r.get("settings.backup_configuration.backup_retention_settings.retained_backups").(float64)
		if !r.is("settings.backup_configuration.enabled") || !r.is("settings.backup_configuration.point_in_time_recovery_enabled") || days < 7 || kept < 30 {
			wrong(r, "keeps less than 30 daily backups and 7 days of log")
		}
		if r.text("settings.availability_type") != "REGIONAL" {
			wrong(r, "has no standby in another zone")
		}
		if len(p.of("google_cloud_scheduler_job")) == 0 {
			wrong(r, "is copied to no other region")
		}
	}
	for _, r := range p.of("google_redis_instance") {
		if r.text("tier") != "STANDARD_HA" {
			wrong(r, "has no replica")
		}
	}
	for _, r := range p.of("google_container_cluster") {
		if len(r.list("node_locations")) != 3 {
			wrong(r, "is not in three zones")
		}
	}
	inManifests(p, "SGShardedCluster", func(r resource, m map[string]any) {
		if backups, _ := descendAll(m, "spec.configurations.backups").([]any); len(backups) == 0 {
			wrong(r, "has no backups")
		}
		if descend(m, "spec.replication.mode") != "strict-sync" {
			wrong(r, "may lose on a failover what it acknowledged")
		}
	})
}

// traced: what happened can be found out.
func traced(p *plan, wrong report) {
	for _, r := range p.of("google_compute_subnetwork") {
		if share, _ := r.get("log_config.flow_sampling").(float64); share <= 0 {
			wrong(r, "logs no flows")
		}
	}
	for _, r := range p.of("google_project_iam_audit_config") {
		if r.text("service") != "allServices" || len(r.list("audit_log_config")) != 3 {
			wrong(r, "leaves accesses unlogged")
		}
	}
	for _, r := range p.of("google_logging_project_bucket_config") {
		if days, _ := r.get("retention_days").(float64); days < 30 {
			wrong(r, "keeps logs for less than 30 days")
		}
	}
}

// unlogged: what lets its bearer in is in no log that is kept.
func unlogged(p *plan, wrong report) {
	excluded := slices.ContainsFunc(p.of("google_logging_project_exclusion"), func(r resource) bool { return strings.Contains(r.text("filter"), "requestUrl") })
	for _, r := range p.of("google_logging_project_sink") {
		if strings.HasPrefix(r.text("destination"), "storage.") {
			continue // audit logs name no URL of a request
		}
		if !strings.Contains(r.text("filter"), "NOT httpRequest.requestUrl=~") {
			wrong(r, "keeps URLs with codes and tokens")
		}
		if !excluded {
			wrong(r, "leaves them to the project's own sink")
		}
	}
}

// guarded: the way in from the internet has a guard.
func guarded(p *plan, wrong report) {
	for _, r := range p.of("google_compute_backend_service") {
		if !r.set("security_policy") {
			wrong(r, "has no Cloud Armor")
		}
		if !r.is("log_config.enable") {
			wrong(r, "does not log who comes")
		}
		if draining, _ := r.get("connection_draining_timeout_sec").(float64); draining < 30 {
			wrong(r, "cuts off requests of pods that go")
		}
	}
	for _, r := range p.of("google_compute_security_policy") {
		actions := map[string]int{}
		for _, rule := range r.list("rule") {
			action, _ := descend(rule, "action").(string)
			actions[action]++
		}
		if actions["rate_based_ban"] == 0 {
			wrong(r, "limits no rates")
		}
		if actions["deny(403)"] < 12 {
			wrong(r, "lacks OWASP's rules")
		}
	}
	for _, r := range p.of("google_dns_managed_zone") {
		if r.text("dnssec_config.state") != "on" {
			wrong(r, "is not signed")
		}
	}
}

// labelTypes are the types whose labels bills and inventories go by.
var labelTypes = []string{
	"google_artifact_registry_repository", "google_compute_address", "google_compute_global_address", "google_dns_managed_zone",
	"google_kms_crypto_key", "google_redis_instance", "google_secret_manager_secret", "google_storage_bucket",
}

func labelled(p *plan, wrong report) {
	for _, r := range p.of(labelTypes...) {
		if m, _ := r.get("labels").(map[string]any); len(m) == 0 {
			wrong(r, "has no labels")
		}
	}
	for _, r := range p.of("google_sql_database_instance") {
		if m, _ := r.get("settings.user_labels").(map[string]any); len(m) == 0 {
			wrong(r, "has no labels")
		}
	}
	for _, r := range p.of("google_container_cluster") {
		if m, _ := r.get("resource_labels").(map[string]any); len(m) == 0 {
			wrong(r, "has no labels")
		}
	}
}
