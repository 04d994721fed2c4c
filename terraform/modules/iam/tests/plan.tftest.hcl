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

run "knows_a_workload_by_its_account_in_kubernetes" {
  command = plan
  assert {
    condition     = output.members["api"] == "principal://iam.googleapis.com/projects/100000000001/locations/global/workloadIdentityPools/coditect-test.svc.id.goog/subject/ns/cell/sa/api"
    error_message = "by its own name"
  }
  assert {
    condition     = endswith(output.members["worker"], "/subject/ns/cell/sa/jobs")
    error_message = "or by another"
  }
  assert {
    condition     = google_project_iam_member.this["api/roles/cloudtrace.agent"].member == output.members["api"]
    error_message = "without an account in between, and without any key"
  }
}

run "gives_no_role_that_was_not_asked_for" {
  command = plan
  assert {
    condition     = keys(google_project_iam_member.this) == ["api/roles/cloudtrace.agent"]
    error_message = "one role"
  }
}

run "sees_to_the_project" {
  command = plan
  assert {
    condition     = toset([for c in google_project_iam_audit_config.this[0].audit_log_config : c.log_type]) == toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    error_message = "every access is logged"
  }
  assert {
    condition     = google_binary_authorization_policy.this[0].default_admission_rule[0].evaluation_mode == "REQUIRE_ATTESTATION" && google_binary_authorization_policy.this[0].default_admission_rule[0].enforcement_mode == "ENFORCED_BLOCK_AND_AUDIT_LOG"
    error_message = "unsigned images do not run"
  }
  assert {
    condition     = contains(keys(google_org_policy_policy.this), "iam.disableServiceAccountKeyCreation")
    error_message = "nobody can make a key"
  }
}

run "leaves_constraints_to_the_folder" {
  command = plan
  variables {
    governance = { attestors = ["projects/p/attestors/build"], constraints = false }
  }
  assert {
    condition     = length(google_org_policy_policy.this) == 0
    error_message = "none on the project"
  }
}

run "leaves_a_shared_project_alone" {
  command = plan
  variables {
    governance = null
  }
  assert {
    condition     = length(google_project_iam_audit_config.this) + length(google_binary_authorization_policy.this) + length(google_org_policy_policy.this) == 0
    error_message = "another root sees to it"
  }
}
