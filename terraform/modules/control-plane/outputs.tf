output "hub" {
  description = "Id of the hub, for terraform/fleet.yaml."
  value       = google_network_connectivity_hub.this.id
}

output "attestor" {
  description = "The attestor, for terraform/fleet.yaml."
  value       = google_binary_authorization_attestor.build.id
}

output "registry" {
  description = "Where images are pushed to and pulled from."
  value       = "${var.control_plane.region}-docker.pkg.dev/${var.control_plane.project}/images"
}

output "credentials_command" {
  description = "What an operator types to get kubectl access."
  value       = module.cluster.credentials_command
}

output "database_address" {
  description = "Private address of the directory's database."
  value       = module.postgres.address
}

output "workloads" {
  description = "The workloads, as IAM members."
  value       = module.iam.members
}

output "names" {
  description = "Backend services of the public names, for names in terraform/global/edge."
  value       = { for label, service in google_compute_backend_service.public : label => "projects/${service.project}/global/backendServices/${service.name}" }
}
