locals {
  grants = merge([for key, b in var.buckets : merge(
    { for name, m in b.writers : "${key}/write/${name}" => { bucket = key, role = "roles/storage.objectUser", member = m } },
    { for name, m in b.readers : "${key}/read/${name}" => { bucket = key, role = "roles/storage.objectViewer", member = m } },
  )]...)
}

resource "google_storage_bucket" "this" {
  for_each = var.buckets

  project                     = var.site.project
  name                        = "${var.site.project}-${var.site.name}-${each.key}"
  location                    = coalesce(each.value.location, var.site.region)
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  labels                      = merge(var.site.labels, { purpose = each.key })

  encryption { default_kms_key_name = each.value.kms_key }

  # A bucket with a retention period cannot have versions: its objects do not change.
  versioning { enabled = each.value.retention_days == null }
  soft_delete_policy { retention_duration_seconds = 7 * 24 * 3600 }

  dynamic "retention_policy" {
    for_each = each.value.retention_days == null ? [] : [each.value.retention_days]
    content {
      retention_period = retention_policy.value * 24 * 3600
      is_locked        = false # locking is for ever: a person does that, by hand
    }
  }
  dynamic "lifecycle_rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]
    content {
      action { type = "Delete" }
      condition { age = lifecycle_rule.value }
    }
  }
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      days_since_noncurrent_time = each.value.noncurrent_days
      with_state                 = "ARCHIVED"
    }
  }
  lifecycle_rule {
    action { type = "AbortIncompleteMultipartUpload" }
    condition { age = 2 }
  }
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = local.grants

  bucket = google_storage_bucket.this[each.value.bucket].name
  role   = each.value.role
  member = each.value.member
}
