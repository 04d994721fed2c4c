locals {
  site = {
    project = var.router.project
    region  = var.router.region
    name    = var.router.name
    labels  = merge(var.fleet.labels, var.router.labels, { component = "router", managed-by = "terraform" })
  }
  port       = 8443
  admin_port = 9090

  agent = {
    container = "serviceAccount:service-${var.router.project_number}@container-engine-robot.iam.gserviceaccount.com"
    compute   = "serviceAccount:service-${var.router.project_number}@compute-system.iam.gserviceaccount.com"
    redis     = "serviceAccount:service-${var.router.project_number}@cloud-redis.iam.gserviceaccount.com"
    storage   = "serviceAccount:service-${var.router.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    secrets   = "serviceAccount:service-${var.router.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    logging   = "serviceAccount:cmek-p${var.router.project_number}@gcp-sa-logging.iam.gserviceaccount.com"
  }
}

module "network" {
  source = "../network"
  site   = local.site
  network = {
    cidr = var.router.cidr
    hub  = var.fleet.hub
    servers = {
      cells         = { cidrs = ["10.0.0.0/9"], ports = [8443] }
      control-plane = { cidrs = [var.fleet.control_plane.cidr], ports = [443, 4222] }
    }
    health_checks  = [local.port, local.admin_port]
    internet_ports = [443]
  }
}

module "secrets" {
  source = "../secrets"
  site   = local.site
  keys = {
    cluster = { users = { container = local.agent.container, compute = local.agent.compute } }
    redis   = { users = { redis = local.agent.redis } }
    storage = { users = { storage = local.agent.storage, logging = local.agent.logging } }
    secrets = { users = { secrets = local.agent.secrets } }
  }
  secrets = {
    edge-key        = { readers = { router = module.iam.members.router } }
    directory-token = { readers = { router = module.iam.members.router } }
    nats-url        = { readers = { router = module.iam.members.router } }
    redis-url       = { readers = { router = module.iam.members.router } }
    tls             = { readers = { router = module.iam.members.router } }
  }
}

module "iam" {
  source         = "../iam"
  site           = local.site
  project_number = var.router.project_number
  governance     = null # the edge root sees to the project that all routers share
  workloads = {
    router = { namespace = "router" }
    otel   = { namespace = "otel", roles = ["roles/monitoring.metricWriter", "roles/cloudtrace.agent"] }
  }
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
    zones              = var.router.zones
    operators          = var.fleet.operators
  }
}

module "redis" {
  source = "../redis"
  site   = local.site
  redis = {
    network   = module.network.network
    range     = module.network.ranges["redis"]
    kms_key   = module.secrets.keys["redis"]
    memory_gb = var.router.redis.memory_gb
    eviction  = "volatile-ttl" # counters end by themselves
  }
}

resource "google_secret_manager_secret_version" "redis_url" {
  secret      = module.secrets.secrets["redis-url"]
  secret_data = module.redis.url
}

module "observability" {
  source = "../observability"
  site   = local.site
  observability = {
    kms_key = module.secrets.keys["storage"]
    emails  = var.fleet.alerts
  }
}
