locals {
  # A migration reads the tenant's changes from a slot; the mover needs these.
  fixed_flags = {
    "cloudsql.logical_decoding"           = "on"
    "log_connections"                     = "on"
    "log_disconnections"                  = "on"
    "log_lock_waits"                      = "on"
    "password_encryption"                 = "scram-sha-256"
    "idle_in_transaction_session_timeout" = "60000"
  }
  default_flags = {
    "max_connections"        = "300" # PgBouncer opens at most 100 of them
    "max_replication_slots"  = "20"
    "max_wal_senders"        = "20"
    "max_slot_wal_keep_size" = "51200" # MB; a stream that fell behind further is begun again
  }
  flags = merge(local.default_flags, var.postgres.flags, local.fixed_flags)
}

resource "google_sql_database_instance" "this" {
  project             = var.site.project
  region              = var.site.region
  name                = "${var.site.name}-postgres"
  database_version    = var.postgres.version
  encryption_key_name = var.postgres.kms_key
  deletion_protection = var.postgres.deletion_protection

  settings {
    tier                        = var.postgres.tier
    edition                     = startswith(var.postgres.tier, "db-perf-optimized") ? "ENTERPRISE_PLUS" : "ENTERPRISE"
    availability_type           = "REGIONAL"
    deletion_protection_enabled = var.postgres.deletion_protection
    retain_backups_on_delete    = true
    disk_type                   = "PD_SSD"
    disk_size                   = var.postgres.disk_gb
    disk_autoresize             = true
    disk_autoresize_limit       = var.postgres.disk_limit_gb
    connector_enforcement       = "NOT_REQUIRED" # PgBouncer and the mover speak Postgres' own TLS
    user_labels                 = var.site.labels

    ip_configuration {
      ipv4_enabled       = false
      private_network    = var.postgres.network
      allocated_ip_range = var.postgres.range
      ssl_mode           = "ENCRYPTED_ONLY"
    }
    backup_configuration {
      enabled                        = true
      start_time                     = var.postgres.backup_start
      location                       = var.site.region
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = var.postgres.pitr_days
      backup_retention_settings {
        retained_backups = var.postgres.backups
        retention_unit   = "COUNT"
      }
    }
    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }
    insights_config {
      query_insights_enabled  = true
      record_application_tags = true
      record_client_address   = false
    }
    password_validation_policy {
      enable_password_policy      = true
      min_length                  = 24
      complexity                  = "COMPLEXITY_DEFAULT"
      disallow_username_substring = true
    }
    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }

  lifecycle {
    ignore_changes = [settings[0].disk_size] # it grows by itself
  }
}

resource "google_sql_database_instance" "replica" {
  count = var.postgres.read_replicas

  project              = var.site.project
  region               = var.site.region
  name                 = "${var.site.name}-postgres-read-${count.index}"
  database_version     = var.postgres.version
  master_instance_name = google_sql_database_instance.this.name
  encryption_key_name  = var.postgres.kms_key
  deletion_protection  = var.postgres.deletion_protection

  settings {
    tier                        = var.postgres.tier
    edition                     = startswith(var.postgres.tier, "db-perf-optimized") ? "ENTERPRISE_PLUS" : "ENTERPRISE"
    availability_type           = "ZONAL"
    deletion_protection_enabled = var.postgres.deletion_protection
    disk_autoresize             = true
    user_labels                 = var.site.labels

    ip_configuration {
      ipv4_enabled       = false
      private_network    = var.postgres.network
      allocated_ip_range = var.postgres.range
      ssl_mode           = "ENCRYPTED_ONLY"
    }
    dynamic "database_flags" {
      for_each = local.flags
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }
}

resource "google_sql_database" "this" {
  for_each = var.postgres.databases

  project         = var.site.project
  name            = each.key
  instance        = google_sql_database_instance.this.name
  charset         = "UTF8"
  deletion_policy = "ABANDON"
}
