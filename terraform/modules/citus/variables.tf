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

variable "citus" {
  description = "A Citus cluster on the cell's Kubernetes cluster, run by StackGres: a coordinator and workers, each with a standby."
  type = object({
    bucket_kms_key        = string # encrypts WAL and backups
    disk_kms_key          = string # encrypts the volumes
    image                 = string # psql, by digest: takes the restore points
    namespace             = optional(string, "citus")
    database              = optional(string, "cell")
    postgres_version      = optional(string, "15")
    citus_version         = optional(string, "12.1")
    workers               = optional(number, 2)
    instances             = optional(number, 2) # of the coordinator and of each worker, the primary included
    coordinator           = optional(object({ cpu = optional(number, 4), memory_gb = optional(number, 16), disk_gb = optional(number, 100) }), {})
    worker                = optional(object({ cpu = optional(number, 4), memory_gb = optional(number, 16), disk_gb = optional(number, 500) }), {})
    client_connections    = optional(number, 10000)
    server_connections    = optional(number, 100)
    restore_point_minutes = optional(number, 15)
    backups               = optional(number, 30) # daily base backups that are kept
    backup_start          = optional(string, "03:00")
  })
  nullable = false

  validation {
    condition     = alltrue([for k in [var.citus.bucket_kms_key, var.citus.disk_kms_key] : can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", k))])
    error_message = "citus.kms_key: both keys are projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.citus.image))
    error_message = "citus.image: an image by digest, REPOSITORY@sha256:DIGEST."
  }
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.citus.namespace))
    error_message = "citus.namespace: a Kubernetes namespace."
  }
  validation {
    condition     = contains(["15", "16"], split(".", var.citus.postgres_version)[0])
    error_message = "citus.postgres_version: 15 or 16, with or without a minor version."
  }
  validation {
    condition     = can(regex("^1[23]\\.[0-9]+$", var.citus.citus_version))
    error_message = "citus.citus_version: 12.x or 13.x."
  }
  validation {
    condition     = var.citus.workers >= 2 && var.citus.workers <= 50 && floor(var.citus.workers) == var.citus.workers
    error_message = "citus.workers: 2 to 50."
  }
  validation {
    condition     = var.citus.instances >= 2 && var.citus.instances <= 5
    error_message = "citus.instances: 2 to 5; without a standby there is no failover."
  }
  validation {
    condition     = alltrue([for n in [var.citus.coordinator, var.citus.worker] : n.cpu >= 1 && n.cpu <= 64 && n.memory_gb >= 2 && n.memory_gb <= 512 && n.disk_gb >= 10 && n.disk_gb <= 65536])
    error_message = "citus.sizes: 1 to 64 processors, 2 to 512 GB of memory, 10 to 65536 GB of disk."
  }
  validation {
    condition     = var.citus.client_connections >= 100 && var.citus.client_connections <= 50000
    error_message = "citus.client_connections: 100 to 50000."
  }
  validation {
    condition     = var.citus.server_connections >= 10 && var.citus.server_connections <= 100
    error_message = "citus.server_connections: 10 to 100; the pooler is there so that Postgres sees few."
  }
  validation {
    condition     = contains([1, 5, 10, 15], var.citus.restore_point_minutes)
    error_message = "citus.restore_point_minutes: 1, 5, 10 or 15."
  }
  validation {
    condition     = var.citus.backups >= 7 && var.citus.backups <= 365
    error_message = "citus.backups: 7 to 365."
  }
  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]$", var.citus.backup_start))
    error_message = "citus.backup_start: a time of day in UTC, such as 03:00."
  }
}

variable "project_number" {
  description = "Number of the project, which names the cluster's pool of workload identities."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.project_number))
    error_message = "project_number: digits only; gcloud projects describe shows it."
  }
}
