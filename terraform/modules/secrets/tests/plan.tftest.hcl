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

run "rotates_its_keys_and_never_loses_one_by_mistake" {
  command = plan
  assert {
    condition     = google_kms_crypto_key.this["secrets"].rotation_period == "7776000s" && google_kms_crypto_key.this["secrets"].destroy_scheduled_duration == "2592000s"
    error_message = "every 90 days; 30 days to change one's mind"
  }
  assert {
    condition     = google_kms_crypto_key.this["secrets"].version_template[0].protection_level == "HSM"
    error_message = "in hardware"
  }
  assert {
    condition     = toset(keys(google_kms_key_ring.this)) == toset(["us-central1", "us-east1"])
    error_message = "a key ring in each region that needs one"
  }
}

run "keeps_secrets_in_the_region_under_our_key" {
  command = plan
  assert {
    condition     = google_secret_manager_secret.this["edge-key"].replication[0].user_managed[0].replicas[0].location == "us-central1"
    error_message = "in the region"
  }
  assert {
    condition     = length(google_secret_manager_secret.this["edge-key"].replication[0].user_managed[0].replicas[0].customer_managed_encryption) == 1
    error_message = "encrypted with our key"
  }
  assert {
    condition     = google_secret_manager_secret.this["edge-key"].deletion_protection
    error_message = "protected from deletion"
  }
}

run "lets_one_workload_read_one_secret" {
  command = plan
  assert {
    condition     = google_secret_manager_secret_iam_member.this["edge-key/api"].role == "roles/secretmanager.secretAccessor" && length(google_secret_manager_secret_iam_member.this) == 1
    error_message = "this one, and nobody else"
  }
}

run "needs_no_secrets" {
  command = plan
  variables {
    secrets = {}
  }
  assert {
    condition     = length(google_secret_manager_secret.this) == 0
    error_message = "keys alone are fine"
  }
}
