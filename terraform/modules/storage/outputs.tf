output "buckets" {
  description = "Names of the buckets, by what they are for."
  value       = { for k, b in google_storage_bucket.this : k => b.name }
}

output "urls" {
  description = "The same as the programs' --blob-url takes them."
  value       = { for k, b in google_storage_bucket.this : k => "gs://${b.name}" }
}
