mock_provider "google" {}

variables {
  router = {
    name           = "router-us"
    project        = "coditect-edge"
    project_number = "100000000002"
    region         = "us-central1"
    zones          = ["us-central1-a", "us-central1-b", "us-central1-c"]
    cidr           = "10.128.0.0/16"
  }
  fleet = {
    hub           = "projects/p/locations/global/hubs/h"
    control_plane = { url = "https://control.example.com", cidr = "10.255.0.0/16" }
  }
}

run "refuses_router_project_number" {
  command = plan
  variables {
    router = merge(var.router, { project_number = "x" })
  }
  expect_failures = [var.router]
}

run "refuses_router_cidr" {
  command = plan
  variables {
    router = merge(var.router, { cidr = "10.5.0.0/16" })
  }
  expect_failures = [var.router]
}

run "refuses_fleet_control_plane_url" {
  command = plan
  variables {
    fleet = merge(var.fleet, { control_plane = { url = "http://control.example.com", cidr = "10.255.0.0/16" } })
  }
  expect_failures = [var.fleet]
}

run "refuses_fleet_control_plane_cidr" {
  command = plan
  variables {
    fleet = merge(var.fleet, { control_plane = { url = "https://control.example.com", cidr = "10.128.0.0/16" } })
  }
  expect_failures = [var.fleet]
}
