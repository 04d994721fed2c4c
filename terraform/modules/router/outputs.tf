output "endpoint_groups" {
  description = "Self links of the routers' endpoint groups, one a zone, for terraform/fleet.yaml; GKE makes them for the Service's annotation."
  value       = [for z in var.router.zones : "projects/${var.router.project}/zones/${z}/networkEndpointGroups/router"]
}

output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.cluster.credentials_command
}

output "facts" {
  description = "What is known only once it is made, as the ConfigMap that the programs' manifests refer to; kubectl apply --server-side -f -."
  value = yamlencode({
    apiVersion = "v1", kind = "ConfigMap"
    metadata   = { name = "terraform", namespace = "router" }
    data       = { "redis-ca.crt" = module.redis.server_ca }
  })
}

output "workloads" {
  description = "The workloads, as IAM members."
  value       = module.iam.members
}

output "secrets" {
  description = "Secrets that need values: docs/infrastructure.md says which and how."
  value       = module.secrets.secrets
}
