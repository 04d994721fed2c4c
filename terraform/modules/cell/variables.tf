variable "cell" {
  description = "One cell, as its cell.yaml says it. terraform/cells/cell.schema.json has the same fields, and refuses any other."
  type = object({
    id               = string
    project          = string # the cell's own
    project_number   = string
    region           = string
    zones            = list(string)
    cidr             = string # a /16 that no other network of the fleet has
    backup_region    = string # where the monthly copies go
    tier             = optional(string, "standard")
    capacity_tenants = optional(number, 10000)
    database = optional(object({
      kind               = optional(string, "postgres")          # postgres: Cloud SQL; citus: on the cell's cluster
      machine            = optional(string, "db-custom-8-32768") # postgres
      disk_gb            = optional(number, 100)                 # postgres: to begin with; citus: of each worker
      read_replicas      = optional(number, 0)                   # postgres
      workers            = optional(number, 2)                   # citus
      worker_cpu         = optional(number, 4)                   # citus
      worker_memory_gb   = optional(number, 16)                  # citus
      server_connections = optional(number, 100)
    }), {})
    redis    = optional(object({ memory_gb = optional(number, 6) }), {})
    rabbitmq = optional(object({ nodes = optional(number, 3), memory_gb = optional(number, 4), disk_gb = optional(number, 50) }), {})
    labels   = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.cell.id))
    error_message = "cell.id: 2 to 20 lower-case letters, digits and hyphens, beginning with a letter."
  }
  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.cell.project_number))
    error_message = "cell.project_number: digits only; gcloud projects describe shows it."
  }
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.cell.tier))
    error_message = "cell.tier: lower-case letters, digits and hyphens; plans name the tier they are for."
  }
  validation {
    condition     = var.cell.capacity_tenants >= 1 && var.cell.capacity_tenants <= (var.cell.database.kind == "postgres" ? 10000 : 1000000)
    error_message = "cell.capacity_tenants: up to 10000 on Cloud SQL, up to 1000000 on Citus."
  }
  validation {
    condition     = contains(["postgres", "citus"], var.cell.database.kind)
    error_message = "cell.database.kind: postgres or citus."
  }
  validation {
    condition     = var.cell.backup_region != var.cell.region
    error_message = "cell.backup_region: a region other than the cell's."
  }
}

variable "fleet" {
  description = "What all cells have in common, as terraform/fleet.yaml says it."
  type = object({
    domain        = string
    hub           = string
    control_plane = object({ url = string, cidr = string })
    routers       = map(string)               # region => its network's range
    operators     = optional(map(string), {}) # name => range that may reach the API servers
    attestors     = list(string)
    images        = map(string) # by digest: psql, rabbitmq
    alerts        = optional(map(string), {})
    labels        = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.fleet.domain))
    error_message = "fleet.domain: a domain such as example.com, in lower case."
  }
  validation {
    condition     = startswith(var.fleet.control_plane.url, "https://")
    error_message = "fleet.control_plane.url: an https:// URL."
  }
  validation {
    condition     = alltrue([for r in concat([var.fleet.control_plane.cidr], values(var.fleet.routers)) : can(regex("^10\\.[0-9]{1,3}\\.0\\.0/16$", r)) && r != var.cell.cidr])
    error_message = "fleet.cidr: the control plane and each router have a /16 of 10.0.0.0/8 that is not the cell's."
  }
  validation {
    condition     = length(var.fleet.routers) > 0
    error_message = "fleet.routers: at least one."
  }
  validation {
    condition     = alltrue([for i in ["psql", "rabbitmq"] : can(regex("@sha256:[0-9a-f]{64}$", var.fleet.images[i]))])
    error_message = "fleet.images: psql and rabbitmq, by digest."
  }
}
