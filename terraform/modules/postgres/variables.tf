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

variable "postgres" {
  description = "A Cloud SQL instance: what carries a cell of up to 10,000 tenants, and the directory."
  type = object({
    network             = string
    range               = string # name of the allocated range, 10.x.16.0/24
    kms_key             = string
    databases           = set(string)
    version             = optional(string, "POSTGRES_15")
    tier                = optional(string, "db-custom-4-16384")
    disk_gb             = optional(number, 100)
    disk_limit_gb       = optional(number, 2000)
    read_replicas       = optional(number, 0)
    pitr_days           = optional(number, 7)
    backups             = optional(number, 30) # daily ones that are kept
    backup_start        = optional(string, "03:00")
    flags               = optional(map(string), {})
    deletion_protection = optional(bool, true)
    copy = object({ # the monthly copy in another region
      region  = string
      kms_key = string # a key of that region
      months  = optional(number, 12)
    })
  })
  nullable = false

  validation {
    condition     = contains(["POSTGRES_15", "POSTGRES_16", "POSTGRES_17"], var.postgres.version)
    error_message = "postgres.version: POSTGRES_15, POSTGRES_16 or POSTGRES_17."
  }
  validation {
    condition     = can(regex("^db-(custom-[0-9]+-[0-9]+|perf-optimized-N-[0-9]+)$", var.postgres.tier))
    error_message = "postgres.tier: db-custom-CPUS-MEGABYTES or db-perf-optimized-N-CPUS; shared-core tiers have no service level."
  }
  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.postgres.kms_key))
    error_message = "postgres.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = length(var.postgres.databases) > 0 && alltrue([for d in var.postgres.databases : can(regex("^[a-z][a-z0-9_]{0,62}$", d))])
    error_message = "postgres.databases: at least one; lower-case letters, digits and underscores."
  }
  validation {
    condition     = var.postgres.disk_gb >= 10 && var.postgres.disk_gb <= var.postgres.disk_limit_gb && var.postgres.disk_limit_gb <= 65536
    error_message = "postgres.disk_gb: from 10 up to disk_limit_gb, which is at most 65536."
  }
  validation {
    condition     = var.postgres.read_replicas >= 0 && var.postgres.read_replicas <= 5
    error_message = "postgres.read_replicas: 0 to 5."
  }
  validation {
    condition     = var.postgres.pitr_days >= 7 && var.postgres.pitr_days <= 35
    error_message = "postgres.pitr_days: at least 7 days of point-in-time recovery are promised; 35 is Cloud SQL's limit."
  }
  validation {
    condition     = var.postgres.backups >= 30 && var.postgres.backups <= 365
    error_message = "postgres.backups: at least 30 daily backups are promised; 365 is Cloud SQL's limit."
  }
  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.postgres.backup_start))
    error_message = "postgres.backup_start: a time of day in UTC, such as 03:00."
  }
  validation {
    condition     = length(setintersection(keys(var.postgres.flags), ["cloudsql.logical_decoding", "log_connections", "password_encryption"])) == 0
    error_message = "postgres.flags: logical decoding (migrations), connection logs and password encryption are fixed."
  }
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]{1,2}$", var.postgres.copy.region)) && var.postgres.copy.region != var.site.region
    error_message = "postgres.copy.region: a region other than the instance's own."
  }
  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.postgres.copy.kms_key))
    error_message = "postgres.copy.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = var.postgres.copy.months >= 1 && var.postgres.copy.months <= 120
    error_message = "postgres.copy.months: 1 to 120."
  }
}
