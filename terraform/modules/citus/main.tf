# What Google holds: WAL and base backups. The servers are Kubernetes' (manifests.tf).

resource "google_storage_bucket" "backups" {
  project                     = var.site.project
  name                        = "${var.site.project}-${var.site.name}-citus-backups"
  location                    = var.site.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = var.site.labels

  encryption { default_kms_key_name = var.citus.bucket_kms_key }
  versioning { enabled = true }
  soft_delete_policy { retention_duration_seconds = 7 * 24 * 3600 }
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }
}

# Every pod of the namespace may archive; no account and no key stand between.
resource "google_storage_bucket_iam_member" "backups" {
  bucket = google_storage_bucket.backups.name
  role   = "roles/storage.objectUser"
  member = "principalSet://iam.googleapis.com/projects/${var.project_number}/locations/global/workloadIdentityPools/${var.site.project}.svc.id.goog/namespace/${var.citus.namespace}"
}
