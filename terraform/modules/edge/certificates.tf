# One certificate for the domain and every {slug}.domain, renewed by Google, proven
# by DNS. Custom domains of tenants get entries of their own, which the control
# plane makes: they are data, not infrastructure.

resource "google_dns_managed_zone" "this" {
  project     = var.site.project
  name        = "${var.site.name}-zone"
  dns_name    = "${var.edge.domain}."
  description = "Tenants' names"
  labels      = var.site.labels

  dnssec_config { state = "on" }
  cloud_logging_config { enable_logging = true }
}

resource "google_dns_record_set" "address" {
  for_each = toset(["", "*."])

  project      = var.site.project
  managed_zone = google_dns_managed_zone.this.name
  name         = "${each.key}${google_dns_managed_zone.this.dns_name}"
  type         = "A"
  ttl          = 300
  rrdatas      = [google_compute_global_address.this.address]
}

resource "google_certificate_manager_dns_authorization" "this" {
  project = var.site.project
  name    = "${var.site.name}-domain"
  domain  = var.edge.domain
  labels  = var.site.labels
}

resource "google_dns_record_set" "authorization" {
  project      = var.site.project
  managed_zone = google_dns_managed_zone.this.name
  name         = google_certificate_manager_dns_authorization.this.dns_resource_record[0].name
  type         = google_certificate_manager_dns_authorization.this.dns_resource_record[0].type
  ttl          = 300
  rrdatas      = [google_certificate_manager_dns_authorization.this.dns_resource_record[0].data]
}

resource "google_certificate_manager_certificate" "this" {
  project = var.site.project
  name    = "${var.site.name}-domain"
  labels  = var.site.labels

  managed {
    domains            = [var.edge.domain, "*.${var.edge.domain}"]
    dns_authorizations = [google_certificate_manager_dns_authorization.this.id]
  }
}

resource "google_certificate_manager_certificate_map" "this" {
  project = var.site.project
  name    = "${var.site.name}-map"
  labels  = var.site.labels
}

resource "google_certificate_manager_certificate_map_entry" "this" {
  for_each = { apex = var.edge.domain, wildcard = "*.${var.edge.domain}" }

  project      = var.site.project
  name         = "${var.site.name}-${each.key}"
  map          = google_certificate_manager_certificate_map.this.name
  certificates = [google_certificate_manager_certificate.this.id]
  hostname     = each.value
  labels       = var.site.labels
}
