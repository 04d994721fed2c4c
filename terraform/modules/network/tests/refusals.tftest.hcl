mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  network = {
    cidr          = "10.7.0.0/16"
    hub           = "projects/p/locations/global/hubs/h"
    health_checks = [8443]
    clients       = { routers = { cidrs = ["10.128.0.0/16"], ports = [8443] } }
    servers       = { control-plane = { cidrs = ["10.255.0.0/16"], ports = [443] } }
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

run "refuses_network_cidr" {
  command = plan
  variables {
    network = merge(var.network, { cidr = "10.0.0.0/20" })
  }
  expect_failures = [var.network]
}

run "refuses_network_egress_ips" {
  command = plan
  variables {
    network = merge(var.network, { egress_ips = 0 })
  }
  expect_failures = [var.network]
}

run "refuses_network_hub" {
  command = plan
  variables {
    network = merge(var.network, { hub = "my-hub" })
  }
  expect_failures = [var.network]
}

run "refuses_network_flow_sampling" {
  command = plan
  variables {
    network = merge(var.network, { flow_sampling = 0 })
  }
  expect_failures = [var.network]
}

run "refuses_network_health_checks" {
  command = plan
  variables {
    network = merge(var.network, { health_checks = [0] })
  }
  expect_failures = [var.network]
}

run "refuses_network_clients" {
  command = plan
  variables {
    network = merge(var.network, { clients = { world = { cidrs = ["0.0.0.0/0"], ports = [8443] } } })
  }
  expect_failures = [var.network]
}

run "refuses_network_clients_port" {
  command = plan
  variables {
    network = merge(var.network, { clients = { routers = { cidrs = ["10.128.0.0/16"], ports = [70000] } } })
  }
  expect_failures = [var.network]
}

run "refuses_network_servers" {
  command = plan
  variables {
    network = merge(var.network, { servers = { anywhere = { cidrs = ["10.0.0.0/8"], ports = [] } } })
  }
  expect_failures = [var.network]
}

run "refuses_network_internet_ports" {
  command = plan
  variables {
    network = merge(var.network, { internet_ports = [25] })
  }
  expect_failures = [var.network]
}
