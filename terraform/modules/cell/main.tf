locals {
  site = {
    project = var.cell.project
    region  = var.cell.region
    name    = var.cell.id
    labels  = merge(var.fleet.labels, var.cell.labels, { cell = var.cell.id, tier = var.cell.tier, managed-by = "terraform" })
  }
  citus = var.cell.database.kind == "citus"

  api_port      = 8443 # routers
  internal_port = 8444 # the control plane, and other cells during a migration
  admin_port    = 9090

  # Google's service agents, which encrypt and decrypt on our behalf.
  agent = {
    container = "serviceAccount:service-${var.cell.project_number}@container-engine-robot.iam.gserviceaccount.com"
    compute   = "serviceAccount:service-${var.cell.project_number}@compute-system.iam.gserviceaccount.com"
    sql       = "serviceAccount:service-${var.cell.project_number}@gcp-sa-cloud-sql.iam.gserviceaccount.com"
    redis     = "serviceAccount:service-${var.cell.project_number}@cloud-redis.iam.gserviceaccount.com"
    storage   = "serviceAccount:service-${var.cell.project_number}@gs-project-accounts.iam.gserviceaccount.com"
    secrets   = "serviceAccount:service-${var.cell.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    logging   = "serviceAccount:cmek-p${var.cell.project_number}@gcp-sa-logging.iam.gserviceaccount.com"
  }
}

module "network" {
  source = "../network"
  site   = local.site
  network = {
    cidr = var.cell.cidr
    hub  = var.fleet.hub
    clients = {
      routers       = { cidrs = values(var.fleet.routers), ports = [local.api_port] }
      control-plane = { cidrs = [var.fleet.control_plane.cidr], ports = [local.internal_port] }
      cells         = { cidrs = ["10.0.0.0/9"], ports = [local.internal_port] } # with a ticket; cells have the lower half
    }
    servers = {
      control-plane = { cidrs = [var.fleet.control_plane.cidr], ports = [443] }
      cells         = { cidrs = ["10.0.0.0/9"], ports = [local.internal_port] }
    }
    health_checks  = [local.api_port, local.internal_port, local.admin_port]
    internet_ports = [443, 587]
  }
}

module "secrets" {
  source = "../secrets"
  site   = local.site
  keys = { for name, key in {
    cluster  = { users = { container = local.agent.container, compute = local.agent.compute } } # also the volumes of what runs there
    redis    = { users = { redis = local.agent.redis } }
    storage  = { users = { storage = local.agent.storage, logging = local.agent.logging } }
    secrets  = { users = { secrets = local.agent.secrets } }
    postgres = { users = { sql = local.agent.sql } }
    copy     = { location = var.cell.backup_region, users = { storage = local.agent.storage } }
  } : name => key if !(local.citus && contains(["postgres", "copy"], name)) }
  secrets = { for name, secret in {
    owner-database-url = { readers = { schema = module.iam.members.schema } }
    app-password       = { readers = { schema = module.iam.members.schema } }
    relay-password     = { readers = { schema = module.iam.members.schema } }
    mover-password     = { readers = { schema = module.iam.members.schema } }
    pooler-users       = { readers = { pooler = lookup(module.iam.members, "pooler", "") } }
    database-url       = { readers = { api = module.iam.members.api, worker = module.iam.members.worker } }
    mover-database-url = { readers = { api = module.iam.members.api } }
    relay-database-url = { readers = { worker = module.iam.members.worker } }
    edge-key           = { readers = { api = module.iam.members.api } }
    control-key        = { readers = { api = module.iam.members.api } }
    controlplane-token = { readers = { api = module.iam.members.api } }
    redis-url          = { readers = { api = module.iam.members.api, worker = module.iam.members.worker } }
    amqp-url           = { readers = { worker = module.iam.members.worker } }
  } : name => secret if !(local.citus && name == "pooler-users") }
}

module "iam" {
  source         = "../iam"
  site           = local.site
  project_number = var.cell.project_number
  governance     = { attestors = var.fleet.attestors, constraints = false } # constraints are set once, on the folder
  workloads = { for name, workload in {
    api    = { namespace = "cell", roles = [] }
    worker = { namespace = "cell", roles = [] }
    schema = { namespace = "cell", roles = [] }
    pooler = { namespace = "cell", roles = [] } # StackGres brings its own
    otel   = { namespace = "otel", roles = ["roles/monitoring.metricWriter", "roles/cloudtrace.agent"] }
  } : name => workload if !(local.citus && name == "pooler") }
}

# Where routers, the control plane and other cells find the cell: near the end of
# the nodes' range, which nodes fill from the beginning.
resource "google_compute_address" "api" {
  project      = var.cell.project
  region       = var.cell.region
  name         = "${var.cell.id}-api"
  subnetwork   = module.network.subnetwork
  address_type = "INTERNAL"
  address      = cidrhost(module.network.cidr.gke, 4090) # 10.x.15.250
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
    zones              = var.cell.zones
    operators          = var.fleet.operators
  }
}

# Up to 10,000 tenants.
module "postgres" {
  source = "../postgres"
  count  = local.citus ? 0 : 1
  site   = local.site
  postgres = {
    network       = module.network.network
    range         = module.network.ranges["db"]
    kms_key       = module.secrets.keys["postgres"]
    databases     = ["cell"]
    tier          = var.cell.database.machine
    disk_gb       = var.cell.database.disk_gb
    read_replicas = var.cell.database.read_replicas
    copy          = { region = var.cell.backup_region, kms_key = module.secrets.keys["copy"] }
  }
}

# Beyond: Cloud SQL has no Citus.
module "citus" {
  source         = "../citus"
  count          = local.citus ? 1 : 0
  site           = local.site
  project_number = var.cell.project_number
  citus = {
    bucket_kms_key     = module.secrets.keys["storage"]
    disk_kms_key       = module.secrets.keys["cluster"]
    image              = var.fleet.images["psql"]
    workers            = var.cell.database.workers
    worker             = { cpu = var.cell.database.worker_cpu, memory_gb = var.cell.database.worker_memory_gb, disk_gb = var.cell.database.disk_gb }
    server_connections = var.cell.database.server_connections
  }
}

module "redis" {
  source = "../redis"
  site   = local.site
  redis = {
    network   = module.network.network
    range     = module.network.ranges["redis"]
    kms_key   = module.secrets.keys["redis"]
    memory_gb = var.cell.redis.memory_gb
  }
}

# Memorystore makes this password itself and Terraform cannot help knowing it;
# the state is encrypted and closed for that reason.
resource "google_secret_manager_secret_version" "redis_url" {
  secret      = module.secrets.secrets["redis-url"]
  secret_data = module.redis.url
}

module "rabbitmq" {
  source = "../rabbitmq"
  site   = local.site
  rabbitmq = {
    kms_key   = module.secrets.keys["cluster"]
    image     = var.fleet.images["rabbitmq"]
    nodes     = var.cell.rabbitmq.nodes
    memory_gb = var.cell.rabbitmq.memory_gb
    disk_gb   = var.cell.rabbitmq.disk_gb
  }
}

module "storage" {
  source = "../storage"
  site   = local.site
  buckets = {
    blobs = {
      kms_key = module.secrets.keys["storage"]
      writers = { worker = module.iam.members.worker, api = module.iam.members.api }
    }
  }
}

module "observability" {
  source = "../observability"
  site   = local.site
  observability = {
    kms_key = module.secrets.keys["storage"]
    emails  = var.fleet.alerts
    stores  = true
  }
}
