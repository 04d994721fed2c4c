output "id" {
  description = "Id of the policy, for a backend service of the same project."
  value       = google_compute_security_policy.this.id
}
