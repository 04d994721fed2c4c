mock_provider "google" {}

run "can_be_planned" {
  command = plan
  assert {
    condition     = output.names == tolist(["auth.coditect.example", "login.coditect.example", "static.coditect.example"])
    error_message = "it is what its directory says"
  }
}
