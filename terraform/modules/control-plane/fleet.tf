# What belongs to no cell and no region.

# Networks meet here and exchange the ranges of their load balancers only.
# Firewalls say who may use them.
resource "google_network_connectivity_hub" "this" {
  project         = var.control_plane.project
  name            = "coditect"
  description     = "Control plane, routers and cells"
  preset_topology = "MESH"
  labels          = local.site.labels
}

resource "google_artifact_registry_repository" "images" {
  project       = var.control_plane.project
  location      = var.control_plane.region
  repository_id = "images"
  description   = "Images of the platform"
  format        = "DOCKER"
  kms_key_name  = module.secrets.keys["images"]
  labels        = local.site.labels

  docker_config { immutable_tags = true }
  vulnerability_scanning_config { enablement_config = "INHERITED" }
}

resource "google_container_analysis_note" "build" {
  project = var.control_plane.project
  name    = "build"

  attestation_authority {
    hint { human_readable_name = "Built and tested by the pipeline" }
  }
}

resource "google_binary_authorization_attestor" "build" {
  project = var.control_plane.project
  name    = "build"

  attestation_authority_note {
    note_reference = google_container_analysis_note.build.name
    dynamic "public_keys" {
      for_each = var.control_plane.signing_keys
      content {
        id      = "//coditect/${public_keys.key}"
        comment = public_keys.key
        pkix_public_key {
          public_key_pem      = public_keys.value
          signature_algorithm = "ECDSA_P256_SHA256"
        }
      }
    }
  }
}
