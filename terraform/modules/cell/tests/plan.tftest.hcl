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

run "begins_on_cloud_sql" {
  command = plan
  assert {
    condition     = length(module.postgres) == 1 && length(module.citus) == 0
    error_message = "Cloud SQL and no Citus"
  }
  assert {
    condition     = output.settings.TIER == "standard" && output.settings.CAPACITY_TENANTS == "10000"
    error_message = "10,000 tenants of the standard tier"
  }
  assert {
    condition     = output.settings.CELL == "cell-t" && output.settings.CONTROLPLANE_URL == "https://control.example.com"
    error_message = "the programs learn who they are"
  }
}

run "grows_into_citus" {
  command = plan
  variables {
    cell = merge(var.cell, { capacity_tenants = 100000, database = { kind = "citus", workers = 10 } })
  }
  assert {
    condition     = length(module.postgres) == 0 && length(module.citus) == 1
    error_message = "Citus and no Cloud SQL"
  }
  assert {
    condition     = output.settings.DATABASE_HOST == "cell-t.citus.svc"
    error_message = "the programs learn where it is"
  }
}

run "tells_stores_apart_from_nothing_else" {
  command = plan
  assert {
    condition     = length([for s in keys(output.secrets) : s]) == 13
    error_message = "thirteen secrets, and no more"
  }
}
