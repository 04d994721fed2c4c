output "instance" {
  description = "Name of the instance."
  value       = google_sql_database_instance.this.name
}

output "address" {
  description = "Private address of the primary."
  value       = google_sql_database_instance.this.private_ip_address
}

output "read_addresses" {
  description = "Private addresses of the read replicas."
  value       = google_sql_database_instance.replica[*].private_ip_address
}

output "copy_bucket" {
  description = "Bucket of the monthly copies."
  value       = google_storage_bucket.copy.name
}
