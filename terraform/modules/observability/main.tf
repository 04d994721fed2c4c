locals {
  # What load balancers log of a request is its whole URL: no entry is kept whose URL
  # has a code out of a mail, a link's token, a step of somebody's sign-in, an address.
  secret_urls = "httpRequest.requestUrl=~\"[?&](code|token|[a-z_]+_(token|hint|challenge|verifier))=\""

  channels = [for c in google_monitoring_notification_channel.email : c.id]
  stores = var.observability.stores ? {
    "database-disk" = {
      title  = "Cloud SQL's disk is over 80 % full"
      filter = "resource.type = \"cloudsql_database\" AND metric.type = \"cloudsql.googleapis.com/database/disk/utilization\""
      limit  = 0.8
    }
    "cache-memory" = {
      title  = "Memorystore's memory is over 90 % full"
      filter = "resource.type = \"redis_instance\" AND metric.type = \"redis.googleapis.com/stats/memory/usage_ratio\""
      limit  = 0.9
    }
  } : {}
}

resource "google_logging_project_bucket_config" "this" {
  project        = var.site.project
  location       = var.site.region
  bucket_id      = "${var.site.name}-logs"
  description    = "The logs of ${var.site.name}"
  retention_days = var.observability.retention_days

  cmek_settings { kms_key_name = var.observability.kms_key }
}

resource "google_logging_project_sink" "logs" {
  project                = var.site.project
  name                   = "${var.site.name}-logs"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.this.id}"
  filter                 = "NOT logName:\"cloudaudit.googleapis.com\" AND NOT ${local.secret_urls}"
  unique_writer_identity = true
}

# The sink that every project has keeps what its exclusions do not name.
resource "google_logging_project_exclusion" "secret_urls" {
  project     = var.site.project
  name        = "${var.site.name}-secret-urls"
  description = "URLs that let their bearer in"
  filter      = local.secret_urls
}

resource "google_storage_bucket" "audit" {
  project                     = var.site.project
  name                        = "${var.site.project}-${var.site.name}-audit"
  location                    = var.site.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = var.site.labels

  encryption { default_kms_key_name = var.observability.kms_key }
  retention_policy { retention_period = var.observability.audit_days * 24 * 3600 }
  lifecycle_rule {
    action { type = "Delete" }
    condition { age = var.observability.audit_days + 1 }
  }
}

resource "google_logging_project_sink" "audit" {
  project                = var.site.project
  name                   = "${var.site.name}-audit"
  destination            = "storage.googleapis.com/${google_storage_bucket.audit.name}"
  filter                 = "logName:\"cloudaudit.googleapis.com\""
  unique_writer_identity = true
}

resource "google_storage_bucket_iam_member" "audit" {
  bucket = google_storage_bucket.audit.name
  role   = "roles/storage.objectCreator"
  member = google_logging_project_sink.audit.writer_identity
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.observability.emails

  project      = var.site.project
  display_name = "${var.site.name}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_uptime_check_config" "this" {
  for_each = var.observability.uptime_hosts

  project      = var.site.project
  display_name = "${var.site.name}: ${each.value}"
  timeout      = "10s"
  period       = "60s"

  http_check {
    path         = var.observability.uptime_path
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }
  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.site.project, host = each.value }
  }
}

resource "google_monitoring_alert_policy" "uptime" {
  for_each = var.observability.uptime_hosts

  project               = var.site.project
  display_name          = "${var.site.name}: ${each.value} does not answer"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "probes from two places failed"
    condition_threshold {
      filter          = "resource.type = \"uptime_url\" AND metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${google_monitoring_uptime_check_config.this[each.key].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "120s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }
}

resource "google_monitoring_alert_policy" "stores" {
  for_each = local.stores

  project               = var.site.project
  display_name          = "${var.site.name}: ${each.value.title}"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.limit
      duration        = "300s"
      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MEAN"
      }
    }
  }
}
