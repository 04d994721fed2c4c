# Automated backups stay in the instance's region. Once a month all of it is
# exported to a bucket of another region, under a key of that region: what is
# left when a region is not.

resource "google_storage_bucket" "copy" {
  project                     = var.site.project
  name                        = "${var.site.project}-${var.site.name}-postgres-copy"
  location                    = var.postgres.copy.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = var.site.labels

  encryption { default_kms_key_name = var.postgres.copy.kms_key }
  versioning { enabled = true } # each month writes the same name
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      num_newer_versions = var.postgres.copy.months
      with_state         = "ARCHIVED"
    }
  }
}

resource "google_storage_bucket_iam_member" "copy" {
  bucket = google_storage_bucket.copy.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${google_sql_database_instance.this.service_account_email_address}"
}

resource "google_service_account" "copy" {
  project      = var.site.project
  account_id   = "${var.site.name}-pgcopy"
  display_name = "Starts the monthly export of ${var.site.name}'s Postgres"
}

resource "google_project_iam_custom_role" "copy" {
  project     = var.site.project
  role_id     = "${replace(var.site.name, "-", "_")}_postgres_export"
  title       = "Start an export of a Cloud SQL instance"
  permissions = ["cloudsql.instances.export", "cloudsql.instances.get"]
}

resource "google_project_iam_member" "copy" {
  project = var.site.project
  role    = google_project_iam_custom_role.copy.id
  member  = google_service_account.copy.member

  condition {
    title      = "this instance only"
    expression = "resource.name == \"projects/${var.site.project}/instances/${var.site.name}-postgres\""
  }
}

resource "google_cloud_scheduler_job" "copy" {
  for_each = var.postgres.databases

  project          = var.site.project
  region           = var.site.region
  name             = "${var.site.name}-postgres-copy-${replace(each.key, "_", "-")}"
  description      = "Exports ${each.key} to another region"
  schedule         = "0 ${4 + index(sort(var.postgres.databases), each.key)} 1 * *" # one export at a time
  time_zone        = "Etc/UTC"
  attempt_deadline = "180s"

  retry_config { retry_count = 5 }
  http_target {
    http_method = "POST"
    uri         = "https://sqladmin.googleapis.com/v1/projects/${var.site.project}/instances/${google_sql_database_instance.this.name}/export"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(jsonencode({
      exportContext = {
        fileType  = "SQL"
        uri       = "gs://${google_storage_bucket.copy.name}/${each.key}.sql.gz"
        databases = [each.key]
        offload   = true # on a machine of its own: the instance does not notice
      }
    }))
    oauth_token {
      service_account_email = google_service_account.copy.email
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
    }
  }
}
