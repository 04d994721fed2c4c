terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

locals {
  edge  = yamldecode(file("${path.module}/edge.yaml"))
  fleet = yamldecode(file("${path.module}/../../fleet.yaml"))
  site = {
    project = local.edge.project
    region  = "us-central1"
    name    = "edge"
    labels  = local.fleet.labels
  }
  storage = "serviceAccount:service-${local.edge.project_number}@gs-project-accounts.iam.gserviceaccount.com"
  secrets = "serviceAccount:service-${local.edge.project_number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
  logging = "serviceAccount:cmek-p${local.edge.project_number}@gcp-sa-logging.iam.gserviceaccount.com"
}

provider "google" {
  project = local.edge.project
  region  = local.site.region
}

module "secrets" {
  source = "../../modules/secrets"
  site   = local.site
  keys = {
    static  = { location = "us", users = { storage = local.storage } }
    logs    = { users = { storage = local.storage, logging = local.logging } }
    secrets = { users = { secrets = local.secrets } }
  }
}

module "edge" {
  source = "../../modules/edge"
  site   = local.site
  edge = {
    domain   = local.fleet.domain
    backends = local.edge.backends
    names    = local.edge.names
    kms_key  = module.secrets.keys["static"]
  }
}

# The routers' project, seen to once.
module "iam" {
  source         = "../../modules/iam"
  site           = local.site
  project_number = local.edge.project_number
  workloads      = {}
  governance     = { attestors = local.fleet.attestors, constraints = false }
}

# Seen from outside: the one probe that crosses everything.
module "observability" {
  source = "../../modules/observability"
  site   = local.site
  observability = {
    kms_key      = module.secrets.keys["logs"]
    emails       = local.fleet.alerts
    uptime_hosts = { api = "api.${local.fleet.domain}" }
    stores       = false
  }
}

output "address" {
  description = "The public address, for EDGE_ADDRESS in the overlays of routers and control plane."
  value       = module.edge.address
}

output "name_servers" {
  description = "Name servers that the domain's registrar must point to."
  value       = module.edge.name_servers
}

output "names" {
  description = "Names that do not lead to the routers."
  value       = module.edge.names
}
