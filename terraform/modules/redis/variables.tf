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

variable "redis" {
  description = "A Memorystore instance. It holds nothing that cannot be computed again."
  type = object({
    network   = string
    range     = string # name of the allocated range, 10.x.17.0/24
    kms_key   = string
    memory_gb = optional(number, 6)
    version   = optional(string, "REDIS_7_2")
    eviction  = optional(string, "allkeys-lru")
    replicas  = optional(number, 1)
  })
  nullable = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.redis.kms_key))
    error_message = "redis.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = var.redis.memory_gb >= 6 && var.redis.memory_gb <= 100 && floor(var.redis.memory_gb) == var.redis.memory_gb
    error_message = "redis.memory_gb: 6 to 100."
  }
  validation {
    condition     = contains(["REDIS_7_0", "REDIS_7_2"], var.redis.version)
    error_message = "redis.version: REDIS_7_0 or REDIS_7_2."
  }
  validation {
    condition     = contains(["allkeys-lru", "volatile-lru", "volatile-ttl"], var.redis.eviction)
    error_message = "redis.eviction: allkeys-lru, volatile-lru or volatile-ttl; a full cache must not refuse writes."
  }
  validation {
    condition     = var.redis.replicas >= 1 && var.redis.replicas <= 5
    error_message = "redis.replicas: 1 to 5; without one there is no failover."
  }
}
