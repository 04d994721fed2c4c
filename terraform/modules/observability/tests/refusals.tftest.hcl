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

run "refuses_site_project" {
  command = plan
  variables {
    site = merge(var.site, { project = "Upper_Case" })
  }
  expect_failures = [var.site]
}

run "refuses_site_region" {
  command = plan
  variables {
    site = merge(var.site, { region = "us-central1-a" })
  }
  expect_failures = [var.site]
}

run "refuses_site_name" {
  command = plan
  variables {
    site = merge(var.site, { name = "a-name-that-is-much-too-long" })
  }
  expect_failures = [var.site]
}

run "refuses_site_labels" {
  command = plan
  variables {
    site = merge(var.site, { labels = { Team = "Core" } })
  }
  expect_failures = [var.site]
}

run "refuses_observability_kms_key" {
  command = plan
  variables {
    observability = merge(var.observability, { kms_key = "k" })
  }
  expect_failures = [var.observability]
}

run "refuses_observability_retention_days" {
  command = plan
  variables {
    observability = merge(var.observability, { retention_days = 7 })
  }
  expect_failures = [var.observability]
}

run "refuses_observability_audit_days" {
  command = plan
  variables {
    observability = merge(var.observability, { audit_days = 30 })
  }
  expect_failures = [var.observability]
}

run "refuses_observability_emails" {
  command = plan
  variables {
    observability = merge(var.observability, { emails = { ops = "ops" } })
  }
  expect_failures = [var.observability]
}

run "refuses_observability_uptime_hosts" {
  command = plan
  variables {
    observability = merge(var.observability, { uptime_hosts = { api = "https://api.example.com" } })
  }
  expect_failures = [var.observability]
}

run "refuses_observability_uptime_path" {
  command = plan
  variables {
    observability = merge(var.observability, { uptime_path = "readyz" })
  }
  expect_failures = [var.observability]
}
