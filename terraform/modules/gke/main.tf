resource "google_service_account" "nodes" {
  project      = var.site.project
  account_id   = "${var.site.name}-nodes"
  display_name = "Nodes of ${var.site.name}"
}

# What a node needs to run pods and say how it is; pods have accounts of their own.
resource "google_project_iam_member" "nodes" {
  for_each = toset(["roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"])

  project = var.site.project
  role    = each.key
  member  = google_service_account.nodes.member
}

resource "google_container_cluster" "this" {
  project             = var.site.project
  name                = "${var.site.name}-gke"
  location            = var.site.region
  node_locations      = var.cluster.zones
  enable_autopilot    = true
  deletion_protection = var.cluster.deletion_protection
  network             = var.cluster.network
  subnetwork          = var.cluster.subnetwork
  resource_labels     = var.site.labels

  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.cluster.control_plane_cidr
    master_global_access_config { enabled = true }
  }

  master_authorized_networks_config {
    gcp_public_cidrs_access_enabled      = false
    private_endpoint_enforcement_enabled = true
    dynamic "cidr_blocks" {
      for_each = var.cluster.operators
      content {
        display_name = cidr_blocks.key
        cidr_block   = cidr_blocks.value
      }
    }
  }

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }

  workload_identity_config { workload_pool = "${var.site.project}.svc.id.goog" }
  binary_authorization { evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE" } # the policy is the iam module's

  database_encryption {
    state    = "ENCRYPTED"
    key_name = var.cluster.kms_key
  }

  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account   = google_service_account.nodes.email
      oauth_scopes      = ["https://www.googleapis.com/auth/cloud-platform"]
      boot_disk_kms_key = var.cluster.kms_key
      shielded_instance_config {
        enable_secure_boot          = true
        enable_integrity_monitoring = true
      }
    }
  }

  node_pool_auto_config {
    network_tags { tags = [var.cluster.node_tag] }
    node_kubelet_config { insecure_kubelet_readonly_port_enabled = "FALSE" }
  }

  release_channel { channel = var.cluster.channel }
  maintenance_policy {
    recurring_window {
      start_time = var.cluster.maintenance_start
      end_time   = timeadd(var.cluster.maintenance_start, "6h")
      recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
    }
  }

  # Anybody with a Google account counts as "authenticated": no role may be bound to that.
  rbac_binding_config {
    enable_insecure_binding_system_authenticated   = false
    enable_insecure_binding_system_unauthenticated = false
  }
  master_auth {
    client_certificate_config { issue_client_certificate = false }
  }

  security_posture_config {
    mode               = "BASIC"
    vulnerability_mode = "VULNERABILITY_BASIC"
  }
  secret_manager_config { enabled = true } # pods may mount secrets as files
  monitoring_config {
    enable_components = ["SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER", "STORAGE", "HPA", "POD", "DAEMONSET", "DEPLOYMENT", "STATEFULSET"]
    managed_prometheus { enabled = true }
  }
  logging_config { enable_components = ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"] }
  fleet { project = var.site.project } # kubectl through Connect Gateway: no bastion
}
