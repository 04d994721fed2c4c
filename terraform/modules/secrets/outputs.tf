output "keys" {
  description = "Ids of the keys, by what they encrypt, once their users may use them."
  value       = { for k, key in google_kms_crypto_key.this : k => key.id }
  depends_on  = [google_kms_crypto_key_iam_member.this]
}

output "secrets" {
  description = "Ids of the secrets, by name."
  value       = { for k, s in google_secret_manager_secret.this : k => s.id }
}
