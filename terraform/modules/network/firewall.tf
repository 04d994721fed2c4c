# Nothing passes that is not named here. Rules for the cluster's own traffic are
# made by GKE itself.

resource "google_compute_firewall" "deny_in" {
  project       = var.site.project
  name          = "${local.prefix}-deny-in"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 65534
  source_ranges = ["0.0.0.0/0"]

  deny { protocol = "all" }
  log_config { metadata = "INCLUDE_ALL_METADATA" }
}

resource "google_compute_firewall" "deny_out" {
  project            = var.site.project
  name               = "${local.prefix}-deny-out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 65534
  destination_ranges = ["0.0.0.0/0"]

  deny { protocol = "all" }
  log_config { metadata = "INCLUDE_ALL_METADATA" }
}

resource "google_compute_firewall" "clients" {
  for_each = var.network.clients

  project       = var.site.project
  name          = "${local.prefix}-in-${each.key}"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = each.value.cidrs
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = each.value.ports
  }
}

resource "google_compute_firewall" "health_checks" {
  count = length(var.network.health_checks) > 0 ? 1 : 0

  project       = var.site.project
  name          = "${local.prefix}-in-google"
  network       = google_compute_network.this.id
  direction     = "INGRESS"
  priority      = 1000
  source_ranges = local.google_front_ends
  target_tags   = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = var.network.health_checks
  }
}

resource "google_compute_firewall" "inside" {
  project            = var.site.project
  name               = "${local.prefix}-out-inside"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = values(local.cidr)

  allow { protocol = "all" }
}

resource "google_compute_firewall" "servers" {
  for_each = var.network.servers

  project            = var.site.project
  name               = "${local.prefix}-out-${each.key}"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 1000
  destination_ranges = each.value.cidrs
  target_tags        = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = each.value.ports
  }
}

# The internet is everything public: private ranges are refused first, so that
# "the internet" cannot be a way into another network.
resource "google_compute_firewall" "private_out" {
  project            = var.site.project
  name               = "${local.prefix}-deny-private-out"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 2000
  destination_ranges = local.private_networks
  target_tags        = [local.node_tag]

  deny { protocol = "all" }
}

resource "google_compute_firewall" "internet" {
  project            = var.site.project
  name               = "${local.prefix}-out-internet"
  network            = google_compute_network.this.id
  direction          = "EGRESS"
  priority           = 3000
  destination_ranges = ["0.0.0.0/0"]
  target_tags        = [local.node_tag]

  allow {
    protocol = "tcp"
    ports    = var.network.internet_ports
  }
}
