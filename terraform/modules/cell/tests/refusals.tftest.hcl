mock_provider "google" {}

variables {
  cell = {
    id             = "cell-t"
    project        = "coditect-cell-t"
    project_number = "100000000099"
    region         = "us-central1"
    zones          = ["us-central1-a", "us-central1-b", "us-central1-c"]
    cidr           = "10.5.0.0/16"
    backup_region  = "us-east1"
  }
  fleet = {
    domain        = "example.com"
    hub           = "projects/p/locations/global/hubs/h"
    control_plane = { url = "https://control.example.com", cidr = "10.255.0.0/16" }
    routers       = { us-central1 = "10.128.0.0/16" }
    attestors     = ["projects/p/attestors/build"]
    images        = { psql = "example.com/psql@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", rabbitmq = "example.com/rabbitmq@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
    alerts        = { ops = "ops@example.com" }
  }
}

run "refuses_cell_id" {
  command = plan
  variables {
    cell = merge(var.cell, { id = "Cell_A" })
  }
  expect_failures = [var.cell]
}

run "refuses_cell_project_number" {
  command = plan
  variables {
    cell = merge(var.cell, { project_number = "coditect" })
  }
  expect_failures = [var.cell]
}

run "refuses_cell_tier" {
  command = plan
  variables {
    cell = merge(var.cell, { tier = "Gold" })
  }
  expect_failures = [var.cell]
}

run "refuses_cell_capacity_tenants" {
  command = plan
  variables {
    cell = merge(var.cell, { capacity_tenants = 20000 })
  }
  expect_failures = [var.cell]
}

run "refuses_cell_database_kind" {
  command = plan
  variables {
    cell = merge(var.cell, { database = { kind = "mysql" } })
  }
  expect_failures = [var.cell]
}

run "refuses_cell_backup_region" {
  command = plan
  variables {
    cell = merge(var.cell, { backup_region = "us-central1" })
  }
  expect_failures = [var.cell]
}

run "refuses_fleet_domain" {
  command = plan
  variables {
    fleet = merge(var.fleet, { domain = "example" })
  }
  expect_failures = [var.fleet]
}

run "refuses_fleet_control_plane_url" {
  command = plan
  variables {
    fleet = merge(var.fleet, { control_plane = { url = "http://control.example.com", cidr = "10.255.0.0/16" } })
  }
  expect_failures = [var.fleet]
}

run "refuses_fleet_cidr" {
  command = plan
  variables {
    fleet = merge(var.fleet, { routers = { us-central1 = "10.5.0.0/16" } })
  }
  expect_failures = [var.fleet]
}

run "refuses_fleet_routers" {
  command = plan
  variables {
    fleet = merge(var.fleet, { routers = {} })
  }
  expect_failures = [var.fleet]
}

run "refuses_fleet_images" {
  command = plan
  variables {
    fleet = merge(var.fleet, { images = { psql = "psql:15", rabbitmq = "rabbitmq:3" } })
  }
  expect_failures = [var.fleet]
}
