mock_provider "google" {}

variables {
  control_plane = {
    project        = "coditect-control"
    project_number = "100000000001"
    region         = "us-central1"
    zones          = ["us-central1-a", "us-central1-b", "us-central1-c"]
    backup_region  = "us-east1"
    clients        = { cells = "10.0.0.0/9" }
    signing_keys   = { build = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n" }
  }
}

run "joins_the_networks_of_the_fleet" {
  command = plan
  assert {
    condition     = google_network_connectivity_hub.this.preset_topology == "MESH"
    error_message = "cells pull from each other during migrations"
  }
}

run "keeps_images_that_never_change_under_our_key" {
  command = plan
  assert {
    condition     = google_artifact_registry_repository.images.docker_config[0].immutable_tags && google_artifact_registry_repository.images.format == "DOCKER"
    error_message = "a tag is never moved"
  }
  assert {
    condition     = output.registry == "us-central1-docker.pkg.dev/coditect-control/images"
    error_message = "where images are"
  }
}

run "knows_who_may_sign" {
  command = plan
  assert {
    condition     = length(google_binary_authorization_attestor.build.attestation_authority_note[0].public_keys) == 1
    error_message = "one key"
  }
}
