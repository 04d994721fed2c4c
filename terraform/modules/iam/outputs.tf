output "members" {
  description = "The workloads as IAM members."
  value       = local.members
}
