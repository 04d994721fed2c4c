# One /16 a network, cut the same way everywhere. The data stores are Google's
# own services: their "subnets" are ranges allocated to service networking,
# because no subnetwork of ours can hold them.
locals {
  prefix = var.site.name
  cidr = {
    gke           = cidrsubnet(var.network.cidr, 4, 0)    # 10.x.0.0/20: nodes and internal load balancers
    db            = cidrsubnet(var.network.cidr, 8, 16)   # 10.x.16.0/24: Cloud SQL
    redis         = cidrsubnet(var.network.cidr, 8, 17)   # 10.x.17.0/24: Memorystore
    control_plane = cidrsubnet(var.network.cidr, 12, 288) # 10.x.18.0/28: the cluster's own control plane
    services      = cidrsubnet(var.network.cidr, 4, 4)    # 10.x.64.0/20
    pods          = cidrsubnet(var.network.cidr, 1, 1)    # 10.x.128.0/17: 512 nodes of 32 pods
  }
  node_tag = "${local.prefix}-node"

  # The fixed addresses of Google's load balancers and their health checks.
  google_front_ends = ["35.191.0.0/16", "130.211.0.0/22"]
  private_networks  = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"]
}

resource "google_compute_network" "this" {
  project                 = var.site.project
  name                    = "${local.prefix}-vpc"
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "gke" {
  project                  = var.site.project
  region                   = var.site.region
  name                     = "${local.prefix}-gke-subnet"
  network                  = google_compute_network.this.id
  ip_cidr_range            = local.cidr.gke
  private_ip_google_access = true

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = local.cidr.pods
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = local.cidr.services
  }
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = var.network.flow_sampling
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_global_address" "services" {
  for_each = toset(["db", "redis"])

  project       = var.site.project
  name          = "${local.prefix}-${each.key}-subnet"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  address       = split("/", local.cidr[each.key])[0]
  prefix_length = 24
  labels        = var.site.labels
}

resource "google_service_networking_connection" "this" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [for a in google_compute_global_address.services : a.name]
}

resource "google_compute_router" "this" {
  project = var.site.project
  region  = var.site.region
  name    = "${local.prefix}-router"
  network = google_compute_network.this.id
}

resource "google_compute_address" "egress" {
  count = var.network.egress_ips

  project      = var.site.project
  region       = var.site.region
  name         = "${local.prefix}-egress-${count.index}"
  address_type = "EXTERNAL"
  labels       = var.site.labels
}

resource "google_compute_router_nat" "this" {
  project                             = var.site.project
  region                              = var.site.region
  name                                = "${local.prefix}-nat"
  router                              = google_compute_router.this.name
  nat_ip_allocate_option              = "MANUAL_ONLY"
  nat_ips                             = google_compute_address.egress[*].self_link
  source_subnetwork_ip_ranges_to_nat  = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 4096

  subnetwork {
    name                    = google_compute_subnetwork.gke.id
    source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
  }
  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}

# Other networks see our load balancers and nothing else: neither pods nor stores.
resource "google_network_connectivity_spoke" "this" {
  count = var.network.hub == null ? 0 : 1

  project  = var.site.project
  name     = "${local.prefix}-spoke"
  location = "global"
  hub      = var.network.hub
  labels   = var.site.labels

  linked_vpc_network {
    uri                   = google_compute_network.this.self_link
    include_export_ranges = [local.cidr.gke]
  }
}
