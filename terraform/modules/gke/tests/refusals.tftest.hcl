mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  cluster = {
    network            = "projects/p/global/networks/n"
    subnetwork         = "projects/p/regions/us-central1/subnetworks/s"
    control_plane_cidr = "10.0.18.0/28"
    node_tag           = "cell-t-node"
    kms_key            = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    zones              = ["us-central1-a", "us-central1-b", "us-central1-c"]
    operators          = { vpn = "10.254.0.0/16" }
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

run "refuses_cluster_control_plane_cidr" {
  command = plan
  variables {
    cluster = merge(var.cluster, { control_plane_cidr = "10.0.18.0/24" })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_kms_key" {
  command = plan
  variables {
    cluster = merge(var.cluster, { kms_key = "k" })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_zones" {
  command = plan
  variables {
    cluster = merge(var.cluster, { zones = ["us-central1-a", "us-central1-b"] })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_zones_elsewhere" {
  command = plan
  variables {
    cluster = merge(var.cluster, { zones = ["us-central1-a", "us-central1-b", "us-east1-b"] })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_operators" {
  command = plan
  variables {
    cluster = merge(var.cluster, { operators = { world = "0.0.0.0/0" } })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_channel" {
  command = plan
  variables {
    cluster = merge(var.cluster, { channel = "RAPID" })
  }
  expect_failures = [var.cluster]
}

run "refuses_cluster_maintenance_start" {
  command = plan
  variables {
    cluster = merge(var.cluster, { maintenance_start = "tonight" })
  }
  expect_failures = [var.cluster]
}
