# The same bytes in every cell. What differs stands in cell.yaml, what all have in
# common in ../../fleet.yaml.

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
  cell  = yamldecode(file("${path.module}/cell.yaml"))
  fleet = yamldecode(file("${path.module}/../../fleet.yaml"))
}

provider "google" {
  project = local.cell.project
  region  = local.cell.region
}

module "cell" {
  source = "../../modules/cell"
  cell   = local.cell
  fleet  = local.fleet
}

output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.cell.credentials_command
}

output "manifests" {
  description = "Manifests of database and broker, for kubectl apply --server-side -f -."
  value       = module.cell.manifests
}

output "facts" {
  description = "What is known only once it is made, for kubectl apply --server-side -f -."
  value       = module.cell.facts
}

output "settings" {
  description = "What the cell's programs are started with."
  value       = module.cell.settings
}

output "egress_addresses" {
  description = "The public addresses that the cell's webhooks come from."
  value       = module.cell.egress_addresses
}

output "secrets" {
  description = "Secrets that need values."
  value       = module.cell.secrets
}
