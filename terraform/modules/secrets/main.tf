locals {
  locations = toset([for k in values(var.keys) : coalesce(k.location, var.site.region)])
  users = merge([for key, k in var.keys : {
    for name, member in k.users : "${key}/${name}" => { key = key, member = member }
  }]...)
  readers = merge([for secret, s in var.secrets : {
    for name, member in s.readers : "${secret}/${name}" => { secret = secret, member = member }
  }]...)
}

resource "google_kms_key_ring" "this" {
  for_each = local.locations

  project  = var.site.project
  name     = var.site.name
  location = each.key
}

# A destroyed key is the end of everything it encrypted, backups included.
resource "google_kms_crypto_key" "this" {
  for_each = var.keys

  name                       = each.key
  key_ring                   = google_kms_key_ring.this[coalesce(each.value.location, var.site.region)].id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "${each.value.rotation_days * 24 * 3600}s"
  destroy_scheduled_duration = "2592000s" # 30 days to change one's mind
  labels                     = var.site.labels

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = "HSM"
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "this" {
  for_each = local.users

  crypto_key_id = google_kms_crypto_key.this[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value.member
}

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project             = var.site.project
  secret_id           = "${var.site.name}-${each.key}"
  labels              = var.site.labels
  deletion_protection = true
  version_destroy_ttl = "604800s" # a destroyed version can be had back for a week

  replication {
    user_managed {
      replicas {
        location = var.site.region
        customer_managed_encryption {
          kms_key_name = google_kms_crypto_key.this["secrets"].id
        }
      }
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.this]
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = local.readers

  project   = var.site.project
  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}
