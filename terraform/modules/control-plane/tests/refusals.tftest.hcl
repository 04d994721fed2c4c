mock_provider "google" {}

variables {
  control_plane = {
    project        = "coditect-control"
    project_number = "100000000001"
    region         = "us-central1"
    zones          = ["us-central1-a", "us-central1-b", "us-central1-c"]
    backup_region  = "us-east1"
    clients        = { cells = "10.0.0.0/9" }
    signing_keys   = { build = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n" }
    public         = { users = ["group:infrastructure@example.com"] }
  }
}

run "refuses_control_plane_project_number" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { project_number = "x" })
  }
  expect_failures = [var.control_plane]
}

run "refuses_control_plane_signing_keys" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { signing_keys = {} })
  }
  expect_failures = [var.control_plane]
}

run "refuses_control_plane_signing_keys_private" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { signing_keys = { build = "-----BEGIN PRIVATE KEY-----" } })
  }
  expect_failures = [var.control_plane]
}

run "refuses_control_plane_clients" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { clients = {} })
  }
  expect_failures = [var.control_plane]
}

run "refuses_control_plane_backup_region" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { backup_region = "us-central1" })
  }
  expect_failures = [var.control_plane]
}

run "refuses_control_plane_public_users" {
  command = plan
  variables {
    control_plane = merge(var.control_plane, { public = { users = ["user:ann@example.com"] } })
  }
  expect_failures = [var.control_plane]
}
