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

variable "buckets" {
  description = "Buckets by what they are for; the key becomes the end of the name."
  type = map(object({
    kms_key         = string
    location        = optional(string)          # null: the site's region
    writers         = optional(map(string), {}) # name => IAM member that reads, writes and deletes objects
    readers         = optional(map(string), {}) # name => IAM member that reads
    expire_days     = optional(number)          # objects go after so many days; null: they stay
    noncurrent_days = optional(number, 30)      # overwritten and deleted objects can be had back for so long
    retention_days  = optional(number)          # nobody can delete an object sooner; null: no such lock
  }))
  nullable = false

  validation {
    condition     = length(var.buckets) > 0 && alltrue([for k in keys(var.buckets) : can(regex("^[a-z][a-z0-9-]{0,12}[a-z0-9]$", k))])
    error_message = "buckets.key: at least one bucket; 2 to 14 lower-case letters, digits and hyphens (a bucket's whole name has 63)."
  }
  validation {
    condition     = alltrue([for b in values(var.buckets) : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", b.kms_key))])
    error_message = "buckets.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = alltrue([for b in values(var.buckets) : alltrue([for m in concat(values(b.writers), values(b.readers)) : can(regex("^(serviceAccount:|principal://|principalSet://)", m))])])
    error_message = "buckets.members: workloads only (serviceAccount:, principal://, principalSet://); neither people nor the public."
  }
  validation {
    condition     = alltrue([for b in values(var.buckets) : b.expire_days == null ? true : b.expire_days >= 1])
    error_message = "buckets.expire_days: 1 or more."
  }
  validation {
    condition     = alltrue([for b in values(var.buckets) : b.noncurrent_days >= 7 && b.noncurrent_days <= 365])
    error_message = "buckets.noncurrent_days: 7 to 365; a deletion by mistake is noticed after the week-end."
  }
  validation {
    condition     = alltrue([for b in values(var.buckets) : b.retention_days == null ? true : b.retention_days >= 1 && b.retention_days <= 3650])
    error_message = "buckets.retention_days: 1 to 3650."
  }
}
