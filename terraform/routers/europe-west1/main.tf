# The same bytes for every region. What differs stands in router.yaml, what all have
# in common in ../../fleet.yaml.

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
  router = yamldecode(file("${path.module}/router.yaml"))
  fleet  = yamldecode(file("${path.module}/../../fleet.yaml"))
}

provider "google" {
  project = local.router.project
  region  = local.router.region
}

module "router" {
  source = "../../modules/router"
  router = merge(local.router, { cidr = local.fleet.routers[local.router.region] })
  fleet  = local.fleet
}

output "endpoint_groups" {
  description = "For backends in terraform/global/edge."
  value       = module.router.endpoint_groups
}

output "facts" {
  description = "What is known only once it is made, for kubectl apply --server-side -f -."
  value       = module.router.facts
}

output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.router.credentials_command
}

output "secrets" {
  description = "Secrets that need values."
  value       = module.router.secrets
}
