mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  project_number = "100000000001"
  workloads = {
    api    = { namespace = "cell", roles = ["roles/cloudtrace.agent"] }
    worker = { namespace = "cell", service_account = "jobs" }
  }
  governance = { attestors = ["projects/p/attestors/build"] }
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

run "refuses_workloads_key" {
  command = plan
  variables {
    workloads = { much-too-long-a-name = { namespace = "cell" } }
  }
  expect_failures = [var.workloads]
}

run "refuses_workloads_namespace" {
  command = plan
  variables {
    workloads = { api = { namespace = "Cell" } }
  }
  expect_failures = [var.workloads]
}

run "refuses_workloads_roles" {
  command = plan
  variables {
    workloads = { api = { namespace = "cell", roles = ["roles/editor"] } }
  }
  expect_failures = [var.workloads]
}

run "refuses_governance_attestors" {
  command = plan
  variables {
    governance = { attestors = [] }
  }
  expect_failures = [var.governance]
}

run "refuses_project_number" {
  command = plan
  variables {
    project_number = "coditect-test"
  }
  expect_failures = [var.project_number]
}
