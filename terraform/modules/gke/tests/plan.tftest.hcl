mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  cluster = {
    network            = "projects/p/global/networks/n"
    subnetwork         = "projects/p/regions/us-central1/subnetworks/s"
    control_plane_cidr = "10.0.18.0/28"
    node_tag           = "cell-t-node"
    kms_key            = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    zones              = ["us-central1-a", "us-central1-b", "us-central1-c"]
    operators          = { vpn = "10.254.0.0/16" }
  }
}

run "is_an_autopilot_cluster_of_three_zones" {
  command = plan
  assert {
    condition     = google_container_cluster.this.enable_autopilot
    error_message = "Autopilot"
  }
  assert {
    condition     = length(google_container_cluster.this.node_locations) == 3
    error_message = "three zones"
  }
  assert {
    condition     = google_container_cluster.this.deletion_protection
    error_message = "protected from deletion"
  }
}

run "is_private" {
  command = plan
  assert {
    condition     = google_container_cluster.this.private_cluster_config[0].enable_private_nodes && google_container_cluster.this.private_cluster_config[0].enable_private_endpoint
    error_message = "nodes and API server have no public address"
  }
  assert {
    condition     = [for b in google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks : b.cidr_block] == ["10.254.0.0/16"]
    error_message = "operators' networks and no other"
  }
}

run "admits_nobody_unless_told" {
  command = plan
  variables {
    cluster = merge(var.cluster, { operators = {} })
  }
  assert {
    condition     = length(google_container_cluster.this.master_authorized_networks_config[0].cidr_blocks) == 0
    error_message = "no network may reach the API server"
  }
}

run "encrypts_with_our_key_and_has_workload_identity" {
  command = plan
  assert {
    condition     = google_container_cluster.this.database_encryption[0].key_name == var.cluster.kms_key
    error_message = "Kubernetes secrets are encrypted with our key"
  }
  assert {
    condition     = google_container_cluster.this.workload_identity_config[0].workload_pool == "coditect-test.svc.id.goog"
    error_message = "workload identity"
  }
  assert {
    condition     = google_container_cluster.this.binary_authorization[0].evaluation_mode == "PROJECT_SINGLETON_POLICY_ENFORCE"
    error_message = "binary authorization"
  }
}
