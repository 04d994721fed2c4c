mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  postgres = {
    network   = "projects/p/global/networks/n"
    range     = "cell-t-db-subnet"
    kms_key   = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    databases = ["cell", "other_one"]
    copy      = { region = "us-east1", kms_key = "projects/p/locations/us-east1/keyRings/r/cryptoKeys/k" }
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

run "refuses_postgres_version" {
  command = plan
  variables {
    postgres = merge(var.postgres, { version = "POSTGRES_14" })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_tier" {
  command = plan
  variables {
    postgres = merge(var.postgres, { tier = "db-f1-micro" })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_kms_key" {
  command = plan
  variables {
    postgres = merge(var.postgres, { kms_key = "k" })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_databases" {
  command = plan
  variables {
    postgres = merge(var.postgres, { databases = [] })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_databases_name" {
  command = plan
  variables {
    postgres = merge(var.postgres, { databases = ["Cell"] })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_disk_gb" {
  command = plan
  variables {
    postgres = merge(var.postgres, { disk_gb = 5 })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_disk_gb_over_its_limit" {
  command = plan
  variables {
    postgres = merge(var.postgres, { disk_gb = 3000 })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_read_replicas" {
  command = plan
  variables {
    postgres = merge(var.postgres, { read_replicas = 6 })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_pitr_days" {
  command = plan
  variables {
    postgres = merge(var.postgres, { pitr_days = 6 })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_backups" {
  command = plan
  variables {
    postgres = merge(var.postgres, { backups = 29 })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_backup_start" {
  command = plan
  variables {
    postgres = merge(var.postgres, { backup_start = "3am" })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_flags" {
  command = plan
  variables {
    postgres = merge(var.postgres, { flags = { "cloudsql.logical_decoding" = "off" } })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_copy_region" {
  command = plan
  variables {
    postgres = merge(var.postgres, { copy = merge(var.postgres.copy, { region = "us-central1" }) })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_copy_kms_key" {
  command = plan
  variables {
    postgres = merge(var.postgres, { copy = merge(var.postgres.copy, { kms_key = "k" }) })
  }
  expect_failures = [var.postgres]
}

run "refuses_postgres_copy_months" {
  command = plan
  variables {
    postgres = merge(var.postgres, { copy = merge(var.postgres.copy, { months = 0 }) })
  }
  expect_failures = [var.postgres]
}
