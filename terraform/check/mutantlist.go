package main

// mutant is a mistake planted in the sources, and what must then be said.
type mutant struct {
	file, old, bad string // file is relative to the module; old stands there once or more, the first is replaced
	found          string // the beginning of the finding
}

// mutantsOf are planted all at once, module by module: each must be found by its
// own policy at its own place.
var mutantsOf = map[string][]mutant{
	"network": {
		{"main.tf", "private_ip_google_access = true", "private_ip_google_access = false", "private: google_compute_subnetwork.gke reaches"},
		{"main.tf", "include_export_ranges = [local.cidr.gke]", "include_export_ranges = [local.cidr.gke, local.cidr.db]", "private: google_network_connectivity_spoke.this[0] exports"},
		{"main.tf", "auto_create_subnetworks = false", "auto_create_subnetworks = true", "private: google_compute_network.this makes"},
		{"main.tf", "  log_config {\n    aggregation_interval", "  dynamic \"log_config\" {\n    for_each = []\n    content {}\n  }\n}\nlocals {\n  unused = {\n    aggregation_interval", "traces: google_compute_subnetwork.gke logs no flows"},
		{"firewall.tf", "priority      = 65534", "priority      = 65000", "firewall: google_compute_network.this does not deny"},
		{"firewall.tf", "source_ranges = each.value.cidrs", "source_ranges = [\"0.0.0.0/0\"]", "firewall: google_compute_firewall.clients[\"routers\"] lets the internet in"},
		{"firewall.tf", "    ports    = var.network.health_checks\n", "", "firewall: google_compute_firewall.health_checks[0] lets more in"},
		{"firewall.tf", "    ports    = var.network.internet_ports\n", "", "firewall: google_compute_firewall.internet lets everything out"},
		{"main.tf", "address_type = \"EXTERNAL\"\n  labels       = var.site.labels", "address_type = \"EXTERNAL\"", "labels: google_compute_address.egress[0]"},
	},
	"gke": {
		{"main.tf", "enable_private_nodes    = true", "enable_private_nodes    = false", "private: google_container_cluster.this has nodes"},
		{"main.tf", "enable_private_endpoint = true", "enable_private_endpoint = false", "private: google_container_cluster.this has an API server"},
		{"main.tf", "gcp_public_cidrs_access_enabled      = false", "gcp_public_cidrs_access_enabled      = true", "private: google_container_cluster.this admits"},
		{"main.tf", "PROJECT_SINGLETON_POLICY_ENFORCE", "DISABLED", "digest: google_container_cluster.this runs whatever"},
		{"main.tf", "state    = \"ENCRYPTED\"", "state    = \"DECRYPTED\"", "cmek: google_container_cluster.this keeps"},
		{"main.tf", "boot_disk_kms_key = var.cluster.kms_key", "", "cmek: google_container_cluster.this has no cluster_autoscaling"},
		{"main.tf", "workload_identity_config { workload_pool = \"${var.site.project}.svc.id.goog\" }", "", "identity: google_container_cluster.this has no workload identity"},
		{"main.tf", "issue_client_certificate = false", "issue_client_certificate = true", "identity: google_container_cluster.this issues"},
		{"main.tf", "enable_insecure_binding_system_authenticated   = false", "enable_insecure_binding_system_authenticated   = true", "identity: google_container_cluster.this lets roles"},
		{"main.tf", "deletion_protection = var.cluster.deletion_protection", "deletion_protection = false", "deletion: google_container_cluster.this"},
		{"main.tf", "node_locations      = var.cluster.zones", "node_locations      = slice(var.cluster.zones, 0, 2)", "recovery: google_container_cluster.this is not"},
		{"main.tf", "roles/artifactregistry.reader", "roles/editor", "least privilege: google_project_iam_member.nodes[\"roles/editor\"] gives roles/editor"},
		{"main.tf", "resource_labels     = var.site.labels", "", "labels: google_container_cluster.this"},
	},
	"postgres": {
		{"main.tf", "ipv4_enabled       = false", "ipv4_enabled       = true", "private: google_sql_database_instance.this has a public"},
		{"main.tf", "ssl_mode           = \"ENCRYPTED_ONLY\"", "ssl_mode           = \"ALLOW_UNENCRYPTED_AND_ENCRYPTED\"", "tls: google_sql_database_instance.this accepts"},
		{"main.tf", "encryption_key_name = var.postgres.kms_key", "", "cmek: google_sql_database_instance.this has no encryption_key_name"},
		{"main.tf", "deletion_protection_enabled = var.postgres.deletion_protection", "deletion_protection_enabled = false", "deletion: google_sql_database_instance.this can"},
		{"main.tf", "availability_type           = \"REGIONAL\"", "availability_type           = \"ZONAL\"", "recovery: google_sql_database_instance.this has no standby"},
		{"main.tf", "point_in_time_recovery_enabled = true", "point_in_time_recovery_enabled = false", "recovery: google_sql_database_instance.this keeps less"},
		{"main.tf", "deletion_policy = \"ABANDON\"", "deletion_policy = \"DELETE\"", "deletion: google_sql_database.this[\"cell\"] is dropped"},
		{"copy.tf", "cloudsql.instances.export", "cloudsql.instances.delete", "least privilege: google_project_iam_custom_role.copy may"},
		{"copy.tf", "public_access_prevention    = \"enforced\"", "public_access_prevention    = \"inherited\"", "closed buckets: google_storage_bucket.copy can be"},
	},
	"citus": {
		{"main.tf", "encryption { default_kms_key_name = var.citus.bucket_kms_key }", "", "cmek: google_storage_bucket.backups"},
		{"main.tf", "roles/storage.objectUser", "roles/storage.admin", "least privilege: google_storage_bucket_iam_member.backups gives roles/storage.admin"},
		{"main.tf", "force_destroy               = false", "force_destroy               = true", "deletion: google_storage_bucket.backups is deleted"},
		{"manifests.tf", "\"disk-encryption-kms-key\" = var.citus.disk_kms_key", "\"disk-encryption-kms-key\" = \"\"", "cmek: output.manifests: StorageClass cell-t-citus"},
		{"manifests.tf", "ssl        = { enabled = true }", "ssl        = { enabled = false }", "tls: output.manifests: SGShardedCluster cell-t"},
		{"manifests.tf", "image   = var.citus.image", "image   = split(\"@\", var.citus.image)[0]", "digest: output.manifests: CronJob cell-t-restore-point"},
		{"manifests.tf", "mode = \"strict-sync\"", "mode = \"async\"", "recovery: output.manifests: SGShardedCluster cell-t may lose"},
	},
	"redis": {
		{"main.tf", "transit_encryption_mode = \"SERVER_AUTHENTICATION\"", "transit_encryption_mode = \"DISABLED\"", "tls: google_redis_instance.this accepts"},
		{"main.tf", "auth_enabled            = true", "auth_enabled            = false", "tls: google_redis_instance.this has no password"},
		{"main.tf", "customer_managed_key    = var.redis.kms_key", "", "cmek: google_redis_instance.this"},
		{"main.tf", "PRIVATE_SERVICE_ACCESS", "DIRECT_PEERING", "private: google_redis_instance.this"},
		{"main.tf", "STANDARD_HA", "BASIC", "recovery: google_redis_instance.this"},
	},
	"rabbitmq": {
		{"main.tf", "disableNonTLSListeners = true", "disableNonTLSListeners = false", "tls: output.manifests: RabbitmqCluster rabbitmq"},
		{"main.tf", "reclaimPolicy        = \"Retain\"", "reclaimPolicy        = \"Delete\"", "deletion: output.manifests: StorageClass cell-t-rabbitmq"},
		{"main.tf", "image       = var.rabbitmq.image", "image       = \"rabbitmq:3\"", "digest: output.manifests: RabbitmqCluster rabbitmq has the image rabbitmq:3"},
	},
	"storage": {
		{"main.tf", "uniform_bucket_level_access = true", "uniform_bucket_level_access = false", "closed buckets: google_storage_bucket.this[\"blobs\"] has objects"},
		{"main.tf", "public_access_prevention    = \"enforced\"", "public_access_prevention    = \"inherited\"", "closed buckets: google_storage_bucket.this[\"blobs\"] can be"},
		{"main.tf", "versioning { enabled = each.value.retention_days == null }", "versioning { enabled = false }", "closed buckets: google_storage_bucket.this[\"blobs\"] loses"},
		{"main.tf", "encryption { default_kms_key_name = each.value.kms_key }", "", "cmek: google_storage_bucket.this[\"blobs\"]"},
		{"main.tf", "member = each.value.member", "member = \"allUsers\"", "least privilege: google_storage_bucket_iam_member.this[\"blobs/read/api\"] gives it to allUsers"},
	},
	"secrets": {
		{"main.tf", "deletion_protection = true", "deletion_protection = false", "deletion: google_secret_manager_secret.this[\"edge-key\"]"},
		{"main.tf", "destroy_scheduled_duration = \"2592000s\"", "destroy_scheduled_duration = \"86400s\"", "deletion: google_kms_crypto_key.this[\"copy\"]"},
		{"main.tf", "        customer_managed_encryption {\n          kms_key_name = google_kms_crypto_key.this[\"secrets\"].id\n        }\n", "", "cmek: google_secret_manager_secret.this[\"edge-key\"]"},
		{"main.tf", "rotation_period            = \"${each.value.rotation_days * 24 * 3600}s\"", "", "cmek: google_kms_crypto_key.this[\"copy\"] is never rotated"},
		{"main.tf", "roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "least privilege: google_secret_manager_secret_iam_member.this[\"edge-key/api\"] gives"},
	},
	"iam": {
		{"main.tf", "REQUIRE_ATTESTATION", "ALWAYS_ALLOW", "digest: google_binary_authorization_policy.this[0] admits"},
		{"main.tf", "toset([\"ADMIN_READ\", \"DATA_READ\", \"DATA_WRITE\"])", "toset([\"ADMIN_READ\"])", "traces: google_project_iam_audit_config.this[0]"},
		{"main.tf", "role    = each.value.role", "role    = \"roles/owner\"", "least privilege: google_project_iam_member.this[\"api/roles/cloudtrace.agent\"] gives roles/owner"},
	},
	"armor": {
		{"main.tf", "rate_based_ban", "throttle", "edge: google_compute_security_policy.this limits"},
		{"main.tf", "\"sqli\", ", "", "edge: google_compute_security_policy.this lacks"},
	},
	"edge": {
		{"main.tf", "protocol                        = \"HTTPS\"", "protocol                        = \"HTTP\"", "tls: google_compute_backend_service.routers speaks HTTP"},
		{"main.tf", "profile         = \"RESTRICTED\"", "profile         = \"COMPATIBLE\"", "tls: google_compute_ssl_policy.this"},
		{"main.tf", "tls_early_data  = \"DISABLED\"", "tls_early_data  = \"PERMISSIVE\"", "tls: google_compute_target_https_proxy.this accepts early"},
		{"main.tf", "https_redirect         = true", "https_redirect         = false", "tls: google_compute_target_http_proxy.redirect serves"},
		{"main.tf", "security_policy                 = module.armor.id", "", "edge: google_compute_backend_service.routers has no Cloud Armor"},
		{"certificates.tf", "state = \"on\"", "state = \"off\"", "edge: google_dns_managed_zone.this"},
		{"static.tf", "{ public = \"yes\" }", "{ public = \"no\" }", "closed buckets: google_storage_bucket.static can be"},
		{"static.tf", "roles/storage.legacyObjectReader", "roles/storage.objectViewer", "least privilege: google_storage_bucket_iam_member.static gives it to allUsers"},
	},
	"observability": {
		{"main.tf", "cmek_settings { kms_key_name = var.observability.kms_key }", "", "cmek: google_logging_project_bucket_config.this"},
		{"main.tf", " AND NOT ${local.secret_urls}", "", "secrets in logs: google_logging_project_sink.logs keeps URLs"},
		{"main.tf", "  filter      = local.secret_urls", "  filter      = \"severity = DEBUG\"", "secrets in logs: google_logging_project_sink.logs leaves them"},
		{"main.tf", "retention_days = var.observability.retention_days", "retention_days = 7", "traces: google_logging_project_bucket_config.this keeps"},
		{"main.tf", "validate_ssl = true", "validate_ssl = false", "tls: google_monitoring_uptime_check_config.this[\"api\"]"},
		{"main.tf", "roles/storage.objectCreator", "roles/storage.admin", "least privilege: google_storage_bucket_iam_member.audit gives"},
	},
	"control-plane": {
		{"fleet.tf", "immutable_tags = true", "immutable_tags = false", "digest: google_artifact_registry_repository.images lets"},
		{"fleet.tf", "kms_key_name  = module.secrets.keys[\"images\"]", "", "cmek: google_artifact_registry_repository.images"},
		{"public.tf", "protocol                        = \"HTTPS\"", "protocol                        = \"HTTP\"", "tls: google_compute_backend_service.public[\"login\"] speaks HTTP"},
		{"public.tf", "security_policy                 = module.armor[each.key].id", "", "edge: google_compute_backend_service.public[\"login\"] has no Cloud Armor"},
		{"public.tf", "    enable      = true\n", "    enable      = false\n", "edge: google_compute_backend_service.public[\"auth\"] does not log"},
		{"public.tf", "connection_draining_timeout_sec = 30", "connection_draining_timeout_sec = 0", "edge: google_compute_backend_service.public[\"auth\"] cuts off"},
		{"public.tf", "resource.name.endsWith('/control-plane-${label}')", "true", "least privilege: google_project_iam_member.public[\"group:infrastructure@example.com\"] gives roles/compute.loadBalancerServiceUser"},
	},
}
