mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  observability = {
    kms_key      = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    emails       = { ops = "ops@example.com" }
    uptime_hosts = { api = "api.example.com" }
  }
}

run "keeps_logs_thirty_days_under_our_key" {
  command = plan
  assert {
    condition     = google_logging_project_bucket_config.this.retention_days == 30 && google_logging_project_bucket_config.this.cmek_settings[0].kms_key_name == var.observability.kms_key
    error_message = "30 days, our key"
  }
}

run "keeps_audit_logs_where_nobody_deletes_them" {
  command = plan
  assert {
    condition     = google_storage_bucket.audit.retention_policy[0].retention_period == 400 * 86400 && google_storage_bucket.audit.public_access_prevention == "enforced"
    error_message = "400 days"
  }
  assert {
    condition     = google_storage_bucket_iam_member.audit.role == "roles/storage.objectCreator"
    error_message = "the sink adds and does nothing else"
  }
}

run "probes_over_tls_and_tells_somebody" {
  command = plan
  assert {
    condition     = google_monitoring_uptime_check_config.this["api"].http_check[0].use_ssl && google_monitoring_uptime_check_config.this["api"].http_check[0].validate_ssl
    error_message = "TLS, validated"
  }
  assert {
    condition     = length(google_monitoring_alert_policy.uptime) == 1 && length(google_monitoring_notification_channel.email) == 1
    error_message = "somebody is told"
  }
  assert {
    condition     = google_monitoring_alert_policy.stores["database-disk"].conditions[0].condition_threshold[0].threshold_value == 0.8
    error_message = "disks over 80 %"
  }
}

run "is_quiet_where_there_is_nothing_to_watch" {
  command = plan
  variables {
    observability = merge(var.observability, { stores = false, uptime_hosts = {} })
  }
  assert {
    condition     = length(google_monitoring_alert_policy.stores) + length(google_monitoring_uptime_check_config.this) == 0
    error_message = "nothing"
  }
}

run "keeps_no_url_that_lets_its_bearer_in" {
  command = plan
  assert {
    condition = alltrue([for url in ["https://login.example.com/password/reset?tenant=t&code=c", "https://a.example.com/v1/download?token=t", "https://auth.example.com/oauth2/sessions/logout?id_token_hint=t", "https://login.example.com/login?login_challenge=c"] :
      can(regex(split("\"", google_logging_project_exclusion.secret_urls.filter)[1], url))
    ])
    error_message = "codes, tokens, challenges"
  }
  assert {
    condition = alltrue([for url in ["https://a.example.com/v1/projects?cursor=c", "https://login.example.com/account", "https://a.example.com/v1/barcode=1"] :
      !can(regex(split("\"", google_logging_project_exclusion.secret_urls.filter)[1], url))
    ])
    error_message = "all others are kept"
  }
  assert {
    condition     = endswith(google_logging_project_sink.logs.filter, " AND NOT ${google_logging_project_exclusion.secret_urls.filter}")
    error_message = "nor here"
  }
}
