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

variable "observability" {
  description = "Where logs are kept and who is told. Metrics, traces and most alerts live in the cluster."
  type = object({
    kms_key        = string
    retention_days = optional(number, 30)
    audit_days     = optional(number, 400) # Google's own audit logs, in a bucket that keeps them
    emails         = optional(map(string), {})
    uptime_hosts   = optional(map(string), {}) # name => public host probed over HTTPS
    uptime_path    = optional(string, "/readyz")
    stores         = optional(bool, true) # warn about Cloud SQL's disk and Memorystore's memory
  })
  nullable = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.observability.kms_key))
    error_message = "observability.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = var.observability.retention_days >= 30 && var.observability.retention_days <= 3650
    error_message = "observability.retention_days: 30 to 3650."
  }
  validation {
    condition     = var.observability.audit_days >= 365 && var.observability.audit_days <= 3650
    error_message = "observability.audit_days: 365 to 3650."
  }
  validation {
    condition     = alltrue([for e in values(var.observability.emails) : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", e))])
    error_message = "observability.emails: addresses like ops@example.com."
  }
  validation {
    condition     = alltrue([for h in values(var.observability.uptime_hosts) : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", h))])
    error_message = "observability.uptime_hosts: host names such as api.example.com, without scheme or path."
  }
  validation {
    condition     = can(regex("^/[A-Za-z0-9/_.-]*$", var.observability.uptime_path))
    error_message = "observability.uptime_path: a path, beginning with a slash."
  }
}
