mock_provider "google" {}

variables {
  armor = {
    project = "coditect-test"
    name    = "edge-armor"
  }
}

run "refuses_armor_project" {
  command = plan
  variables {
    armor = merge(var.armor, { project = "Upper_Case" })
  }
  expect_failures = [var.armor]
}

run "refuses_armor_name" {
  command = plan
  variables {
    armor = merge(var.armor, { name = "Edge" })
  }
  expect_failures = [var.armor]
}

run "refuses_armor_requests_per_minute" {
  command = plan
  variables {
    armor = merge(var.armor, { requests_per_minute = 1 })
  }
  expect_failures = [var.armor]
}

run "refuses_armor_ban_minutes" {
  command = plan
  variables {
    armor = merge(var.armor, { ban_minutes = 0 })
  }
  expect_failures = [var.armor]
}

run "refuses_armor_owasp_sensitivity" {
  command = plan
  variables {
    armor = merge(var.armor, { owasp_sensitivity = 5 })
  }
  expect_failures = [var.armor]
}

run "refuses_armor_unread" {
  command = plan
  variables {
    armor = merge(var.armor, { unread = ["pass word"] })
  }
  expect_failures = [var.armor]
}
