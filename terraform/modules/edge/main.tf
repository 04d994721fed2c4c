locals {
  names = merge(var.edge.names, { static = google_compute_backend_bucket.static.id })
}

resource "google_compute_global_address" "this" {
  project = var.site.project
  name    = "${var.site.name}-address"
  labels  = var.site.labels
}

resource "google_compute_health_check" "routers" {
  project             = var.site.project
  name                = "${var.site.name}-routers"
  check_interval_sec  = 5
  timeout_sec         = 3
  healthy_threshold   = 2
  unhealthy_threshold = 2

  http_health_check {
    port_specification = "USE_FIXED_PORT"
    port               = var.edge.health_port # the admin listener: it says not ready before the server closes
    request_path       = var.edge.health_path
  }
  log_config { enable = true }
}

module "armor" {
  source = "../armor"
  armor  = merge(var.edge.armor, { project = var.site.project, name = "${var.site.name}-armor" })
}

resource "google_compute_backend_service" "routers" {
  project                         = var.site.project
  name                            = "${var.site.name}-routers"
  load_balancing_scheme           = "EXTERNAL_MANAGED"
  protocol                        = "HTTPS" # TLS to the routers, too
  timeout_sec                     = 86400   # WebSockets; requests have deadlines of their own
  connection_draining_timeout_sec = var.edge.drain_seconds
  security_policy                 = module.armor.id
  health_checks                   = [google_compute_health_check.routers.id]
  locality_lb_policy              = "LEAST_REQUEST"
  custom_request_headers          = ["X-Client-Region:{client_region}"]

  dynamic "backend" {
    for_each = toset(flatten(values(var.edge.backends)))
    content {
      group                 = backend.value
      balancing_mode        = "RATE"
      max_rate_per_endpoint = 5000
    }
  }
  outlier_detection {
    consecutive_gateway_failure           = 5
    enforcing_consecutive_gateway_failure = 100
    max_ejection_percent                  = 34
  }
  log_config {
    enable      = true
    sample_rate = var.edge.log_sample
  }
}

# Names that are no tenant's. A backend service of another project has its guard
# there, and whoever applies this needs roles/compute.loadBalancerServiceUser on it.
resource "google_compute_url_map" "this" {
  project         = var.site.project
  name            = "${var.site.name}-https"
  default_service = google_compute_backend_service.routers.id

  dynamic "host_rule" {
    for_each = local.names
    content {
      hosts        = ["${host_rule.key}.${var.edge.domain}"]
      path_matcher = host_rule.key
    }
  }
  dynamic "path_matcher" {
    for_each = local.names
    content {
      name            = path_matcher.key
      default_service = path_matcher.value
    }
  }
}

resource "google_compute_ssl_policy" "this" {
  project         = var.site.project
  name            = "${var.site.name}-tls"
  profile         = "RESTRICTED"
  min_tls_version = var.edge.min_tls
}

resource "google_compute_target_https_proxy" "this" {
  project         = var.site.project
  name            = "${var.site.name}-https"
  url_map         = google_compute_url_map.this.id
  ssl_policy      = google_compute_ssl_policy.this.id
  certificate_map = "//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.this.id}"
  quic_override   = "ENABLE"
  tls_early_data  = "DISABLED" # early data can be replayed
}

resource "google_compute_global_forwarding_rule" "https" {
  project               = var.site.project
  name                  = "${var.site.name}-https"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "443"
  target                = google_compute_target_https_proxy.this.id
  labels                = var.site.labels
}

# Port 80 answers with the way to 443 and does nothing else.
resource "google_compute_url_map" "redirect" {
  project = var.site.project
  name    = "${var.site.name}-http"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "PERMANENT_REDIRECT"
    strip_query            = false
  }
}

resource "google_compute_target_http_proxy" "redirect" {
  project = var.site.project
  name    = "${var.site.name}-http"
  url_map = google_compute_url_map.redirect.id
}

resource "google_compute_global_forwarding_rule" "http" {
  project               = var.site.project
  name                  = "${var.site.name}-http"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = "80"
  target                = google_compute_target_http_proxy.redirect.id
  labels                = var.site.labels
}
