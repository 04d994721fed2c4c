output "manifests" {
  description = "Kubernetes manifests, one YAML document after the other; kubectl apply --server-side -f -."
  value       = join("---\n", [for m in local.manifests : yamlencode(m)])
}

output "host" {
  description = "Service of the cluster; port 5671 speaks AMQP over TLS, and no other port speaks it."
  value       = "${local.name}.${var.rabbitmq.namespace}.svc"
}
