output "name" {
  description = "Name of the cluster."
  value       = google_container_cluster.this.name
}

output "workload_pool" {
  description = "Pool of the cluster's workload identities."
  value       = "${var.site.project}.svc.id.goog"
  depends_on  = [google_container_cluster.this] # the pool exists once a cluster does
}

output "nodes" {
  description = "The nodes' service account, as an IAM member."
  value       = google_service_account.nodes.member
}

output "credentials_command" {
  description = "What an operator types to get kubectl access through Connect Gateway."
  value       = "gcloud container fleet memberships get-credentials ${google_container_cluster.this.name} --project ${var.site.project} --location ${var.site.region}"
}
