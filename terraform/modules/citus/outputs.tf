output "manifests" {
  description = "Kubernetes manifests, one YAML document after the other; kubectl apply --server-side -f -."
  value       = join("---\n", [for m in local.manifests : yamlencode(m)])
}

output "host" {
  description = "Service of the coordinator: port 5432 leads through the pooler, 5433 past it."
  value       = "${local.name}.${var.citus.namespace}.svc"
}

output "backup_bucket" {
  description = "Bucket of WAL and base backups."
  value       = google_storage_bucket.backups.name
}
