mock_provider "google" {}

run "can_be_planned" {
  command = plan
  assert {
    condition     = output.registry == "us-central1-docker.pkg.dev/coditect-control-plane/images"
    error_message = "it is what its directory says"
  }
  assert {
    condition     = output.names == yamldecode(file("../edge/edge.yaml")).names
    error_message = "the edge refers to what is here"
  }
}
