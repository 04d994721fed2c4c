variable "site" {
  description = "Where everything stands and what it is called: project, region, the prefix of all names, labels."
  type = object({
    project = string
    region  = string
    name    = string
    labels  = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.site.project))
    error_message = "site.project: a project id is 6 to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.site.region))
    error_message = "site.region: write a region like us-central1, without a zone."
  }
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.site.name))
    error_message = "site.name: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter; service accounts have no room for more."
  }
  validation {
    condition = alltrue([for k, v in var.site.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", k)) && can(regex("^[a-z0-9_-]{0,63}$", v))
    ])
    error_message = "site.labels: keys and values are lower-case letters, digits, hyphens and underscores, at most 63."
  }
}

variable "project_number" {
  description = "The project's number, by which its clusters' workloads are known to Google."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.project_number))
    error_message = "project_number: digits only; gcloud projects describe shows it."
  }
}

variable "workloads" {
  description = "What runs in the cluster, and what each may do in the project besides reading its own secrets and buckets."
  type = map(object({
    namespace       = string
    service_account = optional(string) # in Kubernetes; null: the workload's name
    roles           = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for k in keys(var.workloads) : can(regex("^[a-z][a-z0-9-]{0,7}[a-z0-9]$", k))])
    error_message = "workloads.key: 2 to 9 lower-case letters, digits and hyphens."
  }
  validation {
    condition     = alltrue([for w in values(var.workloads) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", w.namespace))])
    error_message = "workloads.namespace: a Kubernetes namespace."
  }
  validation {
    condition     = alltrue([for w in values(var.workloads) : alltrue([for r in w.roles : contains(["roles/monitoring.metricWriter", "roles/logging.logWriter", "roles/cloudtrace.agent", "roles/cloudsql.client"], r)])])
    error_message = "workloads.roles: only metricWriter, logWriter, cloudtrace.agent and cloudsql.client are given in a whole project; everything else is granted on the resource."
  }
}

variable "governance" {
  description = "What a project has one of. Null where another root sees to it: two routers' fleets share a project."
  type = object({
    attestors   = list(string)         # who must have signed an image before it may run: projects/P/attestors/A
    constraints = optional(bool, true) # organisation policies; false where they are set on a folder
  })

  validation {
    condition     = var.governance == null ? true : length(var.governance.attestors) > 0 && alltrue([for a in var.governance.attestors : can(regex("^projects/[^/]+/attestors/[^/]+$", a))])
    error_message = "governance.attestors: at least one, as projects/P/attestors/A; unsigned images do not run."
  }
}
