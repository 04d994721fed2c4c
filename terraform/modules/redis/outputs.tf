output "host" {
  description = "Private address of the primary."
  value       = google_redis_instance.this.host
}

output "port" {
  description = "Port of the primary; it speaks TLS."
  value       = google_redis_instance.this.port
}

output "url" {
  description = "URL with the password, for a secret."
  value       = "rediss://:${google_redis_instance.this.auth_string}@${google_redis_instance.this.host}:${google_redis_instance.this.port}/0"
  sensitive   = true
}

output "server_ca" {
  description = "Certificates that the server's is signed with, PEM."
  value       = join("\n", [for c in google_redis_instance.this.server_ca_certs : c.cert])
}
