# Every rule of the ruleset for Terraform's language. Rules for Google's resources
# would need a plugin from GitHub; the policies of check/ say more.
plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Modules keep firewall rules, manifests, certificates in files of their own, which
# this rule allows; it also wants variables and outputs where they are.
rule "terraform_standard_module_structure" {
  enabled = true
}
