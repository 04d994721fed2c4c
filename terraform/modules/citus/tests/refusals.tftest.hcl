mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  project_number = "100000000099"
  citus = {
    bucket_kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    disk_kms_key   = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    image          = "example.com/psql@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
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

run "refuses_citus_kms_key" {
  command = plan
  variables {
    citus = merge(var.citus, { disk_kms_key = "k" })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_image" {
  command = plan
  variables {
    citus = merge(var.citus, { image = "postgres:15" })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_namespace" {
  command = plan
  variables {
    citus = merge(var.citus, { namespace = "No_Such" })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_postgres_version" {
  command = plan
  variables {
    citus = merge(var.citus, { postgres_version = "14" })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_citus_version" {
  command = plan
  variables {
    citus = merge(var.citus, { citus_version = "11.3" })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_workers" {
  command = plan
  variables {
    citus = merge(var.citus, { workers = 1 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_workers_too_many" {
  command = plan
  variables {
    citus = merge(var.citus, { workers = 51 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_instances" {
  command = plan
  variables {
    citus = merge(var.citus, { instances = 1 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_sizes" {
  command = plan
  variables {
    citus = merge(var.citus, { worker = { disk_gb = 1 } })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_client_connections" {
  command = plan
  variables {
    citus = merge(var.citus, { client_connections = 10 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_server_connections" {
  command = plan
  variables {
    citus = merge(var.citus, { server_connections = 500 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_restore_point_minutes" {
  command = plan
  variables {
    citus = merge(var.citus, { restore_point_minutes = 60 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_backups" {
  command = plan
  variables {
    citus = merge(var.citus, { backups = 1 })
  }
  expect_failures = [var.citus]
}

run "refuses_citus_backup_start" {
  command = plan
  variables {
    citus = merge(var.citus, { backup_start = "24:00" })
  }
  expect_failures = [var.citus]
}

run "refuses_project_number" {
  command = plan
  variables {
    project_number = "my-project"
  }
  expect_failures = [var.project_number]
}
