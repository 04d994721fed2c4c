mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  buckets = {
    blobs = {
      kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
      writers = { worker = "serviceAccount:w@coditect-test.iam.gserviceaccount.com" }
      readers = { api = "serviceAccount:a@coditect-test.iam.gserviceaccount.com" }
    }
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

run "refuses_buckets_key" {
  command = plan
  variables {
    buckets = { Blobs = var.buckets.blobs }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_kms_key" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { kms_key = "k" }) }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_members" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { readers = { all = "allUsers" } }) }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_members_people" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { writers = { bob = "user:bob@example.com" } }) }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_expire_days" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { expire_days = 0 }) }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_noncurrent_days" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { noncurrent_days = 1 }) }
  }
  expect_failures = [var.buckets]
}

run "refuses_buckets_retention_days" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { retention_days = 0 }) }
  }
  expect_failures = [var.buckets]
}
