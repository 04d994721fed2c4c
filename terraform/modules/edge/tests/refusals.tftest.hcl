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

run "refuses_site_project" {
  command = plan
  variables {
    site = merge(var.site, { project = "Upper_Case" })
  }
  expect_failures = [var.site]
}

run "refuses_site_region" {
  command = plan
  variables {
    site = merge(var.site, { region = "us-central1-a" })
  }
  expect_failures = [var.site]
}

run "refuses_site_name" {
  command = plan
  variables {
    site = merge(var.site, { name = "a-name-that-is-much-too-long" })
  }
  expect_failures = [var.site]
}

run "refuses_site_labels" {
  command = plan
  variables {
    site = merge(var.site, { labels = { Team = "Core" } })
  }
  expect_failures = [var.site]
}

run "refuses_edge_domain" {
  command = plan
  variables {
    edge = merge(var.edge, { domain = "Example" })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_backends" {
  command = plan
  variables {
    edge = merge(var.edge, { backends = { us-central1 = [] } })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_kms_key" {
  command = plan
  variables {
    edge = merge(var.edge, { kms_key = "k" })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_min_tls" {
  command = plan
  variables {
    edge = merge(var.edge, { min_tls = "TLS_1_0" })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_log_sample" {
  command = plan
  variables {
    edge = merge(var.edge, { log_sample = 0 })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_health_path" {
  command = plan
  variables {
    edge = merge(var.edge, { health_path = "readyz" })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_health_port" {
  command = plan
  variables {
    edge = merge(var.edge, { health_port = 0 })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_drain_seconds" {
  command = plan
  variables {
    edge = merge(var.edge, { drain_seconds = 1 })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_names_label" {
  command = plan
  variables {
    edge = merge(var.edge, { names = { "Log.in" = "projects/coditect-control/global/backendServices/s" } })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_names_label_of_files" {
  command = plan
  variables {
    edge = merge(var.edge, { names = { static = "projects/coditect-control/global/backendServices/s" } })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_names_label_of_routers" {
  command = plan
  variables {
    edge = merge(var.edge, { names = { api = "projects/coditect-control/global/backendServices/s" } })
  }
  expect_failures = [var.edge]
}

run "refuses_edge_names_link" {
  command = plan
  variables {
    edge = merge(var.edge, { names = { login = "projects/coditect-control/regions/us-central1/backendServices/s" } })
  }
  expect_failures = [var.edge]
}
