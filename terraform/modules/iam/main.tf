locals {
  # A workload is to Google what it is to Kubernetes: a service account in a namespace.
  members = { for key, w in var.workloads : key =>
    "principal://iam.googleapis.com/projects/${var.project_number}/locations/global/workloadIdentityPools/${var.site.project}.svc.id.goog/subject/ns/${w.namespace}/sa/${coalesce(w.service_account, key)}"
  }
  roles = merge([for key, w in var.workloads : { for r in w.roles : "${key}/${r}" => { workload = key, role = r } }]...)
  constraints = try(var.governance.constraints, false) ? toset([
    "iam.disableServiceAccountKeyCreation", # workload identity is the only way to be a service account
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "sql.restrictPublicIp",
    "storage.publicAccessPrevention",
    "compute.skipDefaultNetworkCreation",
  ]) : toset([])
}

resource "google_project_iam_member" "this" {
  for_each = local.roles

  project = var.site.project
  role    = each.value.role
  member  = local.members[each.value.workload]
}

# Who read what, in every service that can say so.
resource "google_project_iam_audit_config" "this" {
  count = var.governance == null ? 0 : 1

  project = var.site.project
  service = "allServices"

  dynamic "audit_log_config" {
    for_each = toset(["ADMIN_READ", "DATA_READ", "DATA_WRITE"])
    content { log_type = audit_log_config.value }
  }
}

resource "google_org_policy_policy" "this" {
  for_each = local.constraints

  name   = "projects/${var.site.project}/policies/${each.key}"
  parent = "projects/${var.site.project}"

  spec {
    rules { enforce = "TRUE" }
  }
}

resource "google_binary_authorization_policy" "this" {
  count = var.governance == null ? 0 : 1

  project                       = var.site.project
  description                   = "Only images that our build has signed, which it does by digest."
  global_policy_evaluation_mode = "ENABLE" # Google's own system images

  default_admission_rule {
    evaluation_mode         = "REQUIRE_ATTESTATION"
    enforcement_mode        = "ENFORCED_BLOCK_AND_AUDIT_LOG"
    require_attestations_by = var.governance.attestors
  }
}
