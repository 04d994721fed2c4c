output "network" {
  description = "Id of the VPC."
  value       = google_compute_network.this.id
}

output "subnetwork" {
  description = "Id of the subnetwork of the cluster's nodes."
  value       = google_compute_subnetwork.gke.id
}

output "cidr" {
  description = "Every range of the network, by what it is for."
  value       = local.cidr
}

output "ranges" {
  description = "Names of the ranges that service networking may use, by store (db, redis), once the connection stands."
  value       = { for k, a in google_compute_global_address.services : k => a.name }
  depends_on  = [google_service_networking_connection.this]
}

output "node_tag" {
  description = "Network tag that the firewall's rules apply to."
  value       = local.node_tag
}

output "egress_addresses" {
  description = "The public addresses that webhooks come from."
  value       = google_compute_address.egress[*].address
}
