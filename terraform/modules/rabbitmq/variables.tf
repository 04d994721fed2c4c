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

variable "rabbitmq" {
  description = "A RabbitMQ cluster of quorum queues on the cell's Kubernetes cluster, run by the RabbitMQ cluster operator."
  type = object({
    kms_key   = string # encrypts the volumes
    image     = string # by digest
    namespace = optional(string, "rabbitmq")
    nodes     = optional(number, 3)
    cpu       = optional(number, 2)
    memory_gb = optional(number, 4)
    disk_gb   = optional(number, 50)
  })
  nullable = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.rabbitmq.kms_key))
    error_message = "rabbitmq.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.rabbitmq.image))
    error_message = "rabbitmq.image: an image by digest, REPOSITORY@sha256:DIGEST."
  }
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.rabbitmq.namespace))
    error_message = "rabbitmq.namespace: a Kubernetes namespace."
  }
  validation {
    condition     = contains([3, 5, 7], var.rabbitmq.nodes)
    error_message = "rabbitmq.nodes: 3, 5 or 7; a quorum needs an odd number."
  }
  validation {
    condition     = var.rabbitmq.cpu >= 1 && var.rabbitmq.cpu <= 32 && var.rabbitmq.memory_gb >= 2 && var.rabbitmq.memory_gb <= 128
    error_message = "rabbitmq.size: 1 to 32 processors and 2 to 128 GB of memory."
  }
  validation {
    condition     = var.rabbitmq.disk_gb >= 10 && var.rabbitmq.disk_gb <= 2000
    error_message = "rabbitmq.disk_gb: 10 to 2000."
  }
}
