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
  control_plane = yamldecode(file("${path.module}/control-plane.yaml"))
  fleet         = yamldecode(file("${path.module}/../../fleet.yaml"))
}

provider "google" {
  project = local.control_plane.project
  region  = local.control_plane.region
}

module "control_plane" {
  source = "../../modules/control-plane"
  control_plane = merge(local.control_plane, {
    cidr      = local.fleet.control_plane.cidr
    operators = local.fleet.operators
    alerts    = local.fleet.alerts
    labels    = local.fleet.labels
  })
}

output "hub" {
  description = "For hub in terraform/fleet.yaml."
  value       = module.control_plane.hub
}

output "attestor" {
  description = "For attestors in terraform/fleet.yaml."
  value       = module.control_plane.attestor
}

output "registry" {
  description = "Where images are pushed to."
  value       = module.control_plane.registry
}

output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.control_plane.credentials_command
}

output "names" {
  description = "For names in terraform/global/edge."
  value       = module.control_plane.names
}
