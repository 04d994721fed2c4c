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
    public         = { users = ["group:infrastructure@example.com"] }
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

run "shows_browsers_the_way" {
  command = plan
  assert {
    condition = output.names == {
      auth  = "projects/coditect-control/global/backendServices/control-plane-auth"
      login = "projects/coditect-control/global/backendServices/control-plane-login"
    }
    error_message = "for edge.yaml, as it is"
  }
  assert {
    condition     = { for label, s in google_compute_backend_service.public : label => [s.load_balancing_scheme, s.protocol] } == { for label in ["auth", "login"] : label => ["EXTERNAL_MANAGED", "HTTPS"] }
    error_message = "TLS to the pods"
  }
  assert {
    condition = toset([for b in google_compute_backend_service.public["auth"].backend : b.group]) == toset([for zone in ["a", "b", "c"] :
      "projects/coditect-control/zones/us-central1-${zone}/networkEndpointGroups/hydra-public"
    ])
    error_message = "the endpoint groups of Hydra's Service, one a zone"
  }
  assert {
    condition     = alltrue([for b in google_compute_backend_service.public["login"].backend : endswith(b.group, "/networkEndpointGroups/signin")])
    error_message = "those of the login application's"
  }
  assert {
    condition     = one([for h in google_compute_health_check.public["auth"].https_health_check : "${h.port}${h.request_path}"]) == "4444/health/alive"
    error_message = "Hydra is probed where it serves"
  }
  assert {
    condition     = one([for h in google_compute_health_check.public["login"].http_health_check : "${h.port}${h.request_path}"]) == "9090/readyz"
    error_message = "the login application at the admin listener"
  }
}

run "lets_the_edge_refer_to_these_only" {
  command = plan
  assert {
    condition     = google_project_iam_member.public["group:infrastructure@example.com"].condition[0].expression == "resource.name.endsWith('/control-plane-auth') || resource.name.endsWith('/control-plane-login')"
    error_message = "two services"
  }
}

run "stands_before_its_programs_run" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { public = null })
  }
  assert {
    condition     = length(google_compute_backend_service.public) + length(google_project_iam_member.public) + length(google_compute_health_check.public) + length(module.armor) == 0
    error_message = "there are no endpoint groups yet"
  }
  assert {
    condition     = output.names == {}
    error_message = "nothing to refer to"
  }
}
