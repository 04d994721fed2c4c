mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  redis = {
    network = "projects/p/global/networks/n"
    range   = "cell-t-redis-subnet"
    kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
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

run "refuses_redis_kms_key" {
  command = plan
  variables {
    redis = merge(var.redis, { kms_key = "k" })
  }
  expect_failures = [var.redis]
}

run "refuses_redis_memory_gb" {
  command = plan
  variables {
    redis = merge(var.redis, { memory_gb = 5 })
  }
  expect_failures = [var.redis]
}

run "refuses_redis_memory_gb_too_much" {
  command = plan
  variables {
    redis = merge(var.redis, { memory_gb = 101 })
  }
  expect_failures = [var.redis]
}

run "refuses_redis_version" {
  command = plan
  variables {
    redis = merge(var.redis, { version = "REDIS_6_X" })
  }
  expect_failures = [var.redis]
}

run "refuses_redis_eviction" {
  command = plan
  variables {
    redis = merge(var.redis, { eviction = "noeviction" })
  }
  expect_failures = [var.redis]
}

run "refuses_redis_replicas" {
  command = plan
  variables {
    redis = merge(var.redis, { replicas = 0 })
  }
  expect_failures = [var.redis]
}
