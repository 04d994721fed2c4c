mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  keys = {
    secrets = { users = { agent = "serviceAccount:service-1@gcp-sa-secretmanager.iam.gserviceaccount.com" } }
    copy    = { location = "us-east1" }
  }
  secrets = {
    edge-key = { readers = { api = "serviceAccount:a@coditect-test.iam.gserviceaccount.com" } }
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

run "refuses_keys_key" {
  command = plan
  variables {
    keys = { other = {} }
  }
  expect_failures = [var.keys]
}

run "refuses_keys_location" {
  command = plan
  variables {
    keys = { secrets = merge(var.keys.secrets, { location = "moon" }) }
  }
  expect_failures = [var.keys]
}

run "refuses_keys_users" {
  command = plan
  variables {
    keys = { secrets = merge(var.keys.secrets, { users = { bob = "user:bob@example.com" } }) }
  }
  expect_failures = [var.keys]
}

run "refuses_keys_rotation_days" {
  command = plan
  variables {
    keys = { secrets = merge(var.keys.secrets, { rotation_days = 0 }) }
  }
  expect_failures = [var.keys]
}

run "refuses_secrets_key" {
  command = plan
  variables {
    secrets = { Edge = var.secrets.edge-key }
  }
  expect_failures = [var.secrets]
}

run "refuses_secrets_readers" {
  command = plan
  variables {
    secrets = { edge-key = { readers = { all = "allAuthenticatedUsers" } } }
  }
  expect_failures = [var.secrets]
}

run "refuses_secrets_readers_none" {
  command = plan
  variables {
    secrets = { edge-key = { readers = {} } }
  }
  expect_failures = [var.secrets]
}
