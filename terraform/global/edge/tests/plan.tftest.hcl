mock_provider "google" {}

run "can_be_planned" {
  command = plan
  assert {
    condition     = length(module.edge) > 0
    error_message = "it is what its directory says"
  }
}
