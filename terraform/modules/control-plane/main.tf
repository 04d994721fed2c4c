locals {
  site = {
    project = var.control_plane.project
    region  = var.control_plane.region
    name    = "control-plane"
    labels  = merge(var.control_plane.labels, { component = "control-plane", managed-by = "terraform" })
  }
  api_port   = 443
  nats_port  = 4222
  admin_port = 9090

  # Browsers come to these by the global load balancer.
  signin_port = 8445
  hydra_port  = 4444

  agent = {
    container = "serviceAccount:service-${var.control_plane.project_number}@container-engine-robot.iam.gserviceaccount.com"
    compute   = "serviceAccount:service-${var.control_plane.project_number}@compute-system.iam.gserviceaccount.com"
    sql       = "serviceAccount:service-${var.control_plane.project_number}@gcp-sa-cloud-sql.iam.gserviceaccount.com"
    storage   = "serviceAccount:service-${var.control_plane.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    secrets   = "serviceAccount:service-${var.control_plane.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    logging   = "serviceAccount:cmek-p${var.control_plane.project_number}@gcp-sa-logging.iam.gserviceaccount.com"
    images    = "serviceAccount:service-${var.control_plane.project_number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
  }
}

module "network" {
  source = "../network"
  site   = local.site
  network = {
    cidr           = var.control_plane.cidr
    hub            = "projects/${var.control_plane.project}/locations/global/hubs/${google_network_connectivity_hub.this.name}" # its id, known before it is made
    clients        = { fleet = { cidrs = values(var.control_plane.clients), ports = [local.api_port, local.nats_port] } }
    servers        = { cells = { cidrs = ["10.0.0.0/9"], ports = [8444] } }
    health_checks  = [local.api_port, local.admin_port, local.signin_port, local.hydra_port]
    internet_ports = [443]
  }
}

module "secrets" {
  source = "../secrets"
  site   = local.site
  keys = {
    cluster  = { users = { container = local.agent.container, compute = local.agent.compute } }
    postgres = { users = { sql = local.agent.sql } }
    copy     = { location = var.control_plane.backup_region, users = { storage = local.agent.storage } }
    storage  = { users = { storage = local.agent.storage, logging = local.agent.logging } }
    secrets  = { users = { secrets = local.agent.secrets } }
    images   = { users = { images = local.agent.images } }
  }
  secrets = {
    owner-database-url = { readers = { schema = module.iam.members.schema } }
    database-url       = { readers = { api = module.iam.members.api } }
    control-key        = { readers = { api = module.iam.members.api } }
    nats-url           = { readers = { api = module.iam.members.api } }
    nats-users         = { readers = { nats = module.iam.members.nats } }
    stripe-key         = { readers = { api = module.iam.members.api } }
    stripe-webhook     = { readers = { api = module.iam.members.api } }
    token-hook         = { readers = { api = module.iam.members.api } }
    hydra-database     = { readers = { hydra = module.iam.members.hydra, migrate = module.iam.members.migrate } }
    hydra-keys         = { readers = { hydra = module.iam.members.hydra } }
    hydra-token-hook   = { readers = { hydra = module.iam.members.hydra } }
    client-ops-robot   = { readers = { clients = module.iam.members.clients } }
  }
}

module "iam" {
  source         = "../iam"
  site           = local.site
  project_number = var.control_plane.project_number
  governance     = { attestors = [google_binary_authorization_attestor.build.id], constraints = false } # constraints are set once, on the folder
  workloads = {
    api     = { namespace = "controlplane" }
    schema  = { namespace = "controlplane" }
    nats    = { namespace = "controlplane" }
    clients = { namespace = "controlplane" }
    hydra   = { namespace = "hydra" }
    migrate = { namespace = "hydra" }
    otel    = { namespace = "otel", roles = ["roles/monitoring.metricWriter", "roles/cloudtrace.agent"] }
  }
}

# Where routers and cells find the API and the feed.
resource "google_compute_address" "this" {
  for_each = { api = 4090, nats = 4091 } # 10.255.15.250 and 251

  project      = var.control_plane.project
  region       = var.control_plane.region
  name         = "control-plane-${each.key}"
  subnetwork   = module.network.subnetwork
  address_type = "INTERNAL"
  address      = cidrhost(module.network.cidr.gke, each.value)
  labels       = local.site.labels
}

module "cluster" {
  source = "../gke"
  site   = local.site
  cluster = {
    network            = module.network.network
    subnetwork         = module.network.subnetwork
    control_plane_cidr = module.network.cidr.control_plane
    node_tag           = module.network.node_tag
    kms_key            = module.secrets.keys["cluster"]
    zones              = var.control_plane.zones
    operators          = var.control_plane.operators
  }
}

module "postgres" {
  source = "../postgres"
  site   = local.site
  postgres = {
    network       = module.network.network
    range         = module.network.ranges["db"]
    kms_key       = module.secrets.keys["postgres"]
    databases     = ["controlplane", "hydra"]
    tier          = var.control_plane.database.machine
    disk_gb       = var.control_plane.database.disk_gb
    read_replicas = var.control_plane.database.read_replicas
    copy          = { region = var.control_plane.backup_region, kms_key = module.secrets.keys["copy"] }
  }
}

module "observability" {
  source = "../observability"
  site   = local.site
  observability = {
    kms_key = module.secrets.keys["storage"]
    emails  = var.control_plane.alerts
  }
}
