# Every rule of the ruleset for Terraform's language. Rules for Google's resources
# would need a plugin from GitHub; the policies of check/ say more.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
