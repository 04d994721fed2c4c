variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  rabbitmq = {
    kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    image   = "example.com/rabbitmq@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
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

run "refuses_rabbitmq_kms_key" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { kms_key = "k" })
  }
  expect_failures = [var.rabbitmq]
}

run "refuses_rabbitmq_image" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { image = "rabbitmq:3" })
  }
  expect_failures = [var.rabbitmq]
}

run "refuses_rabbitmq_namespace" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { namespace = "Rabbit" })
  }
  expect_failures = [var.rabbitmq]
}

run "refuses_rabbitmq_nodes" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { nodes = 2 })
  }
  expect_failures = [var.rabbitmq]
}

run "refuses_rabbitmq_size" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { memory_gb = 1 })
  }
  expect_failures = [var.rabbitmq]
}

run "refuses_rabbitmq_disk_gb" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { disk_gb = 1 })
  }
  expect_failures = [var.rabbitmq]
}
