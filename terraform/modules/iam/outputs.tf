output "members" {
  description = "The workloads as IAM members."
  value       = { for k, a in google_service_account.this : k => a.member }
}

output "emails" {
  description = "The workloads' addresses, for the annotation iam.gke.io/gcp-service-account."
  value       = { for k, a in google_service_account.this : k => a.email }
}
