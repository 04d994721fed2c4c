mock_provider "google" {}

run "can_be_planned" {
  command = plan
  assert {
    condition     = length(output.endpoint_groups) == 3
    error_message = "it is what its directory says"
  }
}
