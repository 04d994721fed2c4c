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

variable "edge" {
  description = "The way in from the internet: one address, certificates, Cloud Armor, a CDN for static files, and the routers of all regions behind it."
  type = object({
    domain        = string                    # tenants are {slug}.domain
    backends      = map(list(string))         # region => self links of the routers' network endpoint groups
    names         = optional(map(string), {}) # label under the domain => backend service, of another project maybe; all others are the routers'
    kms_key       = string                    # encrypts the bucket of static files
    min_tls       = optional(string, "TLS_1_2")
    log_sample    = optional(number, 0.01)
    health_path   = optional(string, "/readyz")
    health_port   = optional(number, 9090)
    drain_seconds = optional(number, 60)
    armor = optional(object({ # the routers' guard, as modules/armor describes it
      requests_per_minute = optional(number, 6000)
      ban_minutes         = optional(number, 10)
      owasp_sensitivity   = optional(number, 1)
      preview             = optional(bool, false)
    }), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.edge.domain))
    error_message = "edge.domain: a domain such as example.com, in lower case."
  }
  validation {
    condition     = length(var.edge.backends) > 0 && alltrue([for groups in values(var.edge.backends) : length(groups) > 0])
    error_message = "edge.backends: at least one region, and at least one endpoint group in each."
  }
  validation {
    condition     = alltrue([for label in keys(var.edge.names) : can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", label)) && !contains(["api", "static"], label)])
    error_message = "edge.names: each a label such as login, in lower case; not api, which is the routers', and not static, which is files."
  }
  validation {
    condition     = alltrue([for service in values(var.edge.names) : can(regex("^(https://www\\.googleapis\\.com/compute/v1/)?projects/[a-z][a-z0-9-]+/global/backendServices/[a-z][a-z0-9-]*$", service))])
    error_message = "edge.names: each leads to projects/P/global/backendServices/S; a global load balancer has no use for a region's."
  }
  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.edge.kms_key))
    error_message = "edge.kms_key: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
  validation {
    condition     = contains(["TLS_1_2", "TLS_1_3"], var.edge.min_tls)
    error_message = "edge.min_tls: TLS_1_2 or TLS_1_3."
  }
  validation {
    condition     = var.edge.log_sample > 0 && var.edge.log_sample <= 1
    error_message = "edge.log_sample: more than 0, at most 1; refusals are always logged."
  }
  validation {
    condition     = can(regex("^/[A-Za-z0-9/_.-]*$", var.edge.health_path))
    error_message = "edge.health_path: a path, beginning with a slash."
  }
  validation {
    condition     = var.edge.health_port >= 1 && var.edge.health_port <= 65535
    error_message = "edge.health_port: 1 to 65535."
  }
  validation {
    condition     = var.edge.drain_seconds >= 30 && var.edge.drain_seconds <= 3600
    error_message = "edge.drain_seconds: 30 to 3600; the routers' pods live on for 60 after they are told to end."
  }
}
