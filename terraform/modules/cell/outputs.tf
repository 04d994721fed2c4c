output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.cluster.credentials_command
}

output "manifests" {
  description = "Manifests of the cell's database and broker, for kubectl apply --server-side -f -; the cell's programs are in deploy/kubernetes."
  value       = join("---\n", concat(module.citus[*].manifests, [module.rabbitmq.manifests]))
}

output "facts" {
  description = "What is known only once it is made, as the ConfigMap that the programs' manifests refer to; kubectl apply --server-side -f -."
  value = yamlencode({
    apiVersion = "v1", kind = "ConfigMap"
    metadata   = { name = "terraform", namespace = "cell" }
    data = {
      DATABASE_HOST  = local.citus ? module.citus[0].host : module.postgres[0].address
      "redis-ca.crt" = module.redis.server_ca
    }
  })
}

output "settings" {
  description = "What the cell's programs are started with; deploy/kubernetes mounts the bucket instead of naming its URL."
  value = {
    CELL             = var.cell.id
    ADDRESS          = google_compute_address.api.address
    REGION           = var.cell.region
    TIER             = var.cell.tier
    CAPACITY_TENANTS = tostring(var.cell.capacity_tenants)
    DOMAIN           = var.fleet.domain
    CONTROLPLANE_URL = var.fleet.control_plane.url
    BLOB_URL         = module.storage.urls["blobs"]
    DATABASE_HOST    = local.citus ? module.citus[0].host : module.postgres[0].address
    AMQP_HOST        = module.rabbitmq.host
  }
}

output "workloads" {
  description = "The workloads, as IAM members."
  value       = module.iam.members
}

output "egress_addresses" {
  description = "The public addresses that the cell's webhooks come from."
  value       = module.network.egress_addresses
}

output "secrets" {
  description = "Secrets that need values: docs/infrastructure.md says which and how."
  value       = module.secrets.secrets
}
