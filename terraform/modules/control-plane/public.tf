# Names under the domain that browsers come to without a tenant: the authorization
# server and the login application. The global load balancer stands in the edge's
# project; a backend service has to stand in that of its endpoint groups, and its
# guard beside it, so both are made here and referred to from there.
locals {
  public = { for label, name in {
    auth = {
      endpoints = "hydra-public" # as the Service's annotation calls them
      path      = "/health/alive"
      port      = local.hydra_port
      tls       = true
      rate      = 3000 # applications' servers refresh the tokens of all their people from one address
      unread    = ["redirect_uri", "post_logout_redirect_uri", "client_secret", "code_verifier", "state"]
    }
    login = {
      endpoints = "signin"
      path      = "/readyz"
      port      = local.admin_port # it looks at the database, too
      tls       = false
      rate      = 600 # passwords are guessed here; an office is let in
      unread    = ["password", "current"]
    }
  } : label => name if var.control_plane.public != null }
}

module "armor" {
  source   = "../armor"
  for_each = local.public

  armor = {
    project             = var.control_plane.project
    name                = "control-plane-${each.key}"
    requests_per_minute = each.value.rate
    unread              = each.value.unread
    preview             = var.control_plane.public.preview
  }
}

resource "google_compute_health_check" "public" {
  for_each = local.public

  project             = var.control_plane.project
  name                = "control-plane-${each.key}"
  check_interval_sec  = 5
  timeout_sec         = 3
  healthy_threshold   = 2
  unhealthy_threshold = 2

  dynamic "https_health_check" {
    for_each = each.value.tls ? [each.value] : []
    content {
      port_specification = "USE_FIXED_PORT"
      port               = https_health_check.value.port
      request_path       = https_health_check.value.path
    }
  }
  dynamic "http_health_check" {
    for_each = each.value.tls ? [] : [each.value]
    content {
      port_specification = "USE_FIXED_PORT"
      port               = http_health_check.value.port
      request_path       = http_health_check.value.path
    }
  }
  log_config { enable = true }
}

resource "google_compute_backend_service" "public" {
  for_each = local.public

  project                         = var.control_plane.project
  name                            = "control-plane-${each.key}"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  protocol                        = "HTTPS" # TLS to the pods, too
  timeout_sec                     = 30
  connection_draining_timeout_sec = 30
  security_policy                 = module.armor[each.key].id
  health_checks                   = [google_compute_health_check.public[each.key].id]
  locality_lb_policy              = "LEAST_REQUEST"

  dynamic "backend" {
    for_each = toset(var.control_plane.zones)
    content {
      group                 = "projects/${var.control_plane.project}/zones/${backend.value}/networkEndpointGroups/${each.value.endpoints}"
      balancing_mode        = "RATE"
      max_rate_per_endpoint = 500
    }
  }
  log_config {
    enable      = true
    sample_rate = 1 # who tried to sign in; what a URL carries as a secret is kept out by the sinks
  }
}

# These services and no other: the condition is what makes a role for the whole
# project a small one.
resource "google_project_iam_member" "public" {
  for_each = toset(try(var.control_plane.public.users, []))

  project = var.control_plane.project
  role    = "roles/compute.loadBalancerServiceUser"
  member  = each.value

  condition {
    title      = "public names"
    expression = join(" || ", [for label in sort(keys(local.public)) : "resource.name.endsWith('/control-plane-${label}')"])
  }
}
