# Files that browsers load without a tenant: published, so public. It is the one
# bucket that is.

resource "google_storage_bucket" "static" {
  project                     = var.site.project
  name                        = "${var.site.project}-${var.site.name}-static"
  location                    = "US"
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  force_destroy               = false
  labels                      = merge(var.site.labels, { public = "yes" })

  encryption { default_kms_key_name = var.edge.kms_key }
  versioning { enabled = true }
  website { not_found_page = "404.html" }
  lifecycle_rule {
    action { type = "Delete" }
    condition {
      days_since_noncurrent_time = 30
      with_state                 = "ARCHIVED"
    }
  }
}

resource "google_storage_bucket_iam_member" "static" {
  bucket = google_storage_bucket.static.name
  role   = "roles/storage.legacyObjectReader" # reads an object whose name it knows; lists nothing
  member = "allUsers"
}

resource "google_compute_backend_bucket" "static" {
  project          = var.site.project
  name             = "${var.site.name}-static"
  bucket_name      = google_storage_bucket.static.name
  enable_cdn       = true
  compression_mode = "AUTOMATIC"

  cdn_policy {
    cache_mode        = "CACHE_ALL_STATIC"
    default_ttl       = 3600
    client_ttl        = 3600
    max_ttl           = 86400
    negative_caching  = true
    serve_while_stale = 86400
  }
}
