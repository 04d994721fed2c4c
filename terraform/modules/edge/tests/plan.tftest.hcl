mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  edge = {
    domain   = "example.com"
    backends = { us-central1 = ["projects/p/zones/us-central1-a/networkEndpointGroups/router"] }
    kms_key  = "projects/p/locations/us/keyRings/r/cryptoKeys/k"
  }
}

run "speaks_modern_tls_only" {
  command = plan
  assert {
    condition     = google_compute_ssl_policy.this.min_tls_version == "TLS_1_2" && google_compute_ssl_policy.this.profile == "RESTRICTED"
    error_message = "TLS 1.2 with forward secrecy, or 1.3"
  }
  assert {
    condition     = google_compute_target_https_proxy.this.tls_early_data == "DISABLED"
    error_message = "no request can be replayed"
  }
  assert {
    condition     = google_compute_url_map.redirect.default_url_redirect[0].https_redirect
    error_message = "port 80 leads to 443"
  }
  assert {
    condition     = google_compute_backend_service.routers.protocol == "HTTPS"
    error_message = "TLS to the routers, too"
  }
}

run "can_insist_on_tls_1_3" {
  command = plan
  variables {
    edge = merge(var.edge, { min_tls = "TLS_1_3" })
  }
  assert {
    condition     = google_compute_ssl_policy.this.min_tls_version == "TLS_1_3"
    error_message = "1.3"
  }
}

run "has_a_certificate_for_every_tenant" {
  command = plan
  assert {
    condition     = google_certificate_manager_certificate.this.managed[0].domains == tolist(["example.com", "*.example.com"])
    error_message = "the domain and all its tenants"
  }
  assert {
    condition     = google_dns_managed_zone.this.dnssec_config[0].state == "on"
    error_message = "DNSSEC"
  }
}

run "serves_static_files_from_a_cache" {
  command = plan
  assert {
    condition     = google_compute_backend_bucket.static.enable_cdn && google_compute_backend_bucket.static.cdn_policy[0].cache_mode == "CACHE_ALL_STATIC"
    error_message = "CDN"
  }
  assert {
    condition     = google_storage_bucket_iam_member.static.role == "roles/storage.legacyObjectReader"
    error_message = "files can be read, not listed"
  }
}

run "spreads_over_regions" {
  command = plan
  variables {
    edge = merge(var.edge, { backends = { us-central1 = ["a", "b"], europe-west1 = ["c"] } })
  }
  assert {
    condition     = length(google_compute_backend_service.routers.backend) == 3
    error_message = "every endpoint group"
  }
}

run "sends_every_name_to_the_routers_but_one" {
  command = plan
  assert {
    condition     = [for r in google_compute_url_map.this.host_rule : r.hosts] == [toset(["static.example.com"])]
    error_message = "files, and no other"
  }
}

run "knows_names_of_another_project" {
  command = plan
  variables {
    edge = merge(var.edge, { names = {
      auth  = "projects/coditect-control/global/backendServices/control-plane-auth"
      login = "https://www.googleapis.com/compute/v1/projects/coditect-control/global/backendServices/control-plane-login"
    } })
  }
  assert {
    condition     = { for r in google_compute_url_map.this.host_rule : one(r.hosts) => r.path_matcher } == { "auth.example.com" = "auth", "login.example.com" = "login", "static.example.com" = "static" }
    error_message = "each by its name"
  }
  assert {
    condition     = tomap({ for m in google_compute_url_map.this.path_matcher : m.name => m.default_service if m.name != "static" }) == var.edge.names
    error_message = "leads to its own"
  }
}
