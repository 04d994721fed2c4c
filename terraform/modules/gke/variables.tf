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

variable "cluster" {
  description = "The cluster: where in the network it stands, whom it admits, what it may run."
  type = object({
    network             = string
    subnetwork          = string
    control_plane_cidr  = string # a /28 of the network
    node_tag            = string
    kms_key             = string                    # encrypts Kubernetes' secrets and the nodes' disks
    zones               = list(string)              # three of the region's
    operators           = optional(map(string), {}) # name => range within 10.0.0.0/8 that may reach the API server
    channel             = optional(string, "REGULAR")
    maintenance_start   = optional(string, "2026-01-03T02:00:00Z") # Saturdays and Sundays from this time on
    deletion_protection = optional(bool, true)
  })
  nullable = false

  validation {
    condition     = can(regex("^10\\.[0-9.]+/28$", var.cluster.control_plane_cidr)) && can(cidrnetmask(var.cluster.control_plane_cidr))
    error_message = "cluster.control_plane_cidr: a /28 within 10.0.0.0/8."
  }
  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.cluster.kms_key))
    error_message = "cluster.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = length(distinct(var.cluster.zones)) == 3 && alltrue([for z in var.cluster.zones : startswith(z, "${var.site.region}-")])
    error_message = "cluster.zones: three different zones of the region."
  }
  validation {
    condition     = alltrue([for r in values(var.cluster.operators) : can(cidrnetmask(r)) && startswith(r, "10.")])
    error_message = "cluster.operators: ranges within 10.0.0.0/8; the API server has no public address."
  }
  validation {
    condition     = contains(["REGULAR", "STABLE"], var.cluster.channel)
    error_message = "cluster.channel: REGULAR or STABLE."
  }
  validation {
    condition     = can(formatdate("YYYY", var.cluster.maintenance_start))
    error_message = "cluster.maintenance_start: an RFC 3339 time, such as 2026-01-03T02:00:00Z."
  }
}
