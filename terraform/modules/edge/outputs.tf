output "address" {
  description = "The public address."
  value       = google_compute_global_address.this.address
}

output "name_servers" {
  description = "Name servers that the domain's registrar must point to."
  value       = google_dns_managed_zone.this.name_servers
}

output "certificate_map" {
  description = "Map to which tenants' custom domains are added."
  value       = google_certificate_manager_certificate_map.this.id
}

output "static_bucket" {
  description = "Bucket of the static files."
  value       = google_storage_bucket.static.name
}

output "names" {
  description = "Names that do not lead to the routers."
  value       = sort(flatten([for rule in google_compute_url_map.this.host_rule : rule.hosts]))
}
