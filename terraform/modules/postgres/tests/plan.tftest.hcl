mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  postgres = {
    network   = "projects/p/global/networks/n"
    range     = "cell-t-db-subnet"
    kms_key   = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    databases = ["cell", "other_one"]
    copy      = { region = "us-east1", kms_key = "projects/p/locations/us-east1/keyRings/r/cryptoKeys/k" }
  }
}

run "survives_a_zone_and_a_mistake" {
  command = plan
  assert {
    condition     = google_sql_database_instance.this.settings[0].availability_type == "REGIONAL"
    error_message = "a standby in another zone"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled && google_sql_database_instance.this.settings[0].backup_configuration[0].transaction_log_retention_days == 7
    error_message = "point-in-time recovery over 7 days"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 30
    error_message = "30 daily backups"
  }
  assert {
    condition     = google_sql_database_instance.this.deletion_protection && google_sql_database_instance.this.settings[0].deletion_protection_enabled && google_sql_database_instance.this.settings[0].retain_backups_on_delete
    error_message = "protected from deletion, in Terraform and in Google's API"
  }
  assert {
    condition     = google_sql_database_instance.this.database_version == "POSTGRES_15"
    error_message = "Postgres 15"
  }
}

run "is_private_and_encrypted" {
  command = plan
  assert {
    condition     = !google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled && google_sql_database_instance.this.settings[0].ip_configuration[0].allocated_ip_range == "cell-t-db-subnet"
    error_message = "no public address"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "TLS only"
  }
  assert {
    condition     = google_sql_database_instance.this.encryption_key_name == var.postgres.kms_key
    error_message = "our key"
  }
}

run "can_be_migrated_from" {
  command = plan
  assert {
    condition     = contains([for f in google_sql_database_instance.this.settings[0].database_flags : "${f.name}=${f.value}"], "cloudsql.logical_decoding=on")
    error_message = "logical decoding is on"
  }
}

run "keeps_its_fixed_flags_and_takes_others" {
  command = plan
  variables {
    postgres = merge(var.postgres, { flags = { max_connections = "500", work_mem = "8192" } })
  }
  assert {
    condition     = contains([for f in google_sql_database_instance.this.settings[0].database_flags : "${f.name}=${f.value}"], "max_connections=500")
    error_message = "a default can be changed"
  }
  assert {
    condition     = contains([for f in google_sql_database_instance.this.settings[0].database_flags : "${f.name}=${f.value}"], "work_mem=8192")
    error_message = "a flag can be added"
  }
}

run "copies_each_database_to_another_region_monthly" {
  command = plan
  assert {
    condition     = google_storage_bucket.copy.location == "us-east1" && google_storage_bucket.copy.versioning[0].enabled
    error_message = "a versioned bucket elsewhere"
  }
  assert {
    condition     = google_storage_bucket.copy.encryption[0].default_kms_key_name == var.postgres.copy.kms_key
    error_message = "with a key of that region"
  }
  assert {
    condition     = [for d in ["cell", "other_one"] : google_cloud_scheduler_job.copy[d].schedule] == ["0 4 1 * *", "0 5 1 * *"]
    error_message = "one after the other"
  }
}

run "has_read_replicas_with_the_same_protection" {
  command = plan
  variables {
    postgres = merge(var.postgres, { read_replicas = 2 })
  }
  assert {
    condition     = length(google_sql_database_instance.replica) == 2 && alltrue([for r in google_sql_database_instance.replica : r.deletion_protection && r.encryption_key_name == var.postgres.kms_key && !r.settings[0].ip_configuration[0].ipv4_enabled])
    error_message = "private, encrypted, protected"
  }
}

run "takes_the_larger_edition_for_its_machines" {
  command = plan
  variables {
    postgres = merge(var.postgres, { tier = "db-perf-optimized-N-8" })
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].edition == "ENTERPRISE_PLUS"
    error_message = "perf-optimized machines are Enterprise Plus"
  }
}
