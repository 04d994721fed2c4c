output "log_bucket" {
  description = "Id of the bucket of logs."
  value       = google_logging_project_bucket_config.this.id
}

output "audit_bucket" {
  description = "Bucket of Google's audit logs."
  value       = google_storage_bucket.audit.name
}

output "channels" {
  description = "Ids of the notification channels."
  value       = local.channels
}
