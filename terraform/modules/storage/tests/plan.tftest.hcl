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

run "is_closed_encrypted_and_versioned" {
  command = plan
  assert {
    condition     = google_storage_bucket.this["blobs"].public_access_prevention == "enforced" && google_storage_bucket.this["blobs"].uniform_bucket_level_access
    error_message = "closed to the public"
  }
  assert {
    condition     = google_storage_bucket.this["blobs"].encryption[0].default_kms_key_name == var.buckets.blobs.kms_key
    error_message = "our key"
  }
  assert {
    condition     = google_storage_bucket.this["blobs"].versioning[0].enabled && !google_storage_bucket.this["blobs"].force_destroy
    error_message = "versioned, and not deleted while it holds anything"
  }
  assert {
    condition     = google_storage_bucket.this["blobs"].name == "coditect-test-cell-t-blobs"
    error_message = "named after project, site and purpose"
  }
}

run "grants_what_is_asked_on_the_bucket_alone" {
  command = plan
  assert {
    condition     = google_storage_bucket_iam_member.this["blobs/write/worker"].role == "roles/storage.objectUser" && google_storage_bucket_iam_member.this["blobs/read/api"].role == "roles/storage.objectViewer"
    error_message = "writers write, readers read"
  }
}

run "keeps_what_must_be_kept" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { retention_days = 30 }) }
  }
  assert {
    condition     = google_storage_bucket.this["blobs"].retention_policy[0].retention_period == 86400 * 30 && !google_storage_bucket.this["blobs"].versioning[0].enabled
    error_message = "nobody deletes sooner"
  }
}

run "lets_go_of_what_is_old" {
  command = plan
  variables {
    buckets = { blobs = merge(var.buckets.blobs, { expire_days = 90 }) }
  }
  assert {
    condition     = contains([for r in google_storage_bucket.this["blobs"].lifecycle_rule : tolist(r.condition)[0].age], 90)
    error_message = "objects go after 90 days"
  }
}
