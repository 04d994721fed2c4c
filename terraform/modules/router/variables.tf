variable "router" {
  description = "A region's fleet of routers: its own network and cluster, and a Redis that its limits are counted in."
  type = object({
    name           = string # router-us: several fleets share a project
    project        = string # the edge's: a load balancer's backends stand in its own project
    project_number = string
    region         = string
    zones          = list(string)
    cidr           = string
    redis          = optional(object({ memory_gb = optional(number, 6) }), {})
    labels         = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.router.project_number))
    error_message = "router.project_number: digits only; gcloud projects describe shows it."
  }
  validation {
    condition     = can(regex("^10\\.(12[89]|1[3-9][0-9]|2[0-4][0-9]|25[0-4])\\.0\\.0/16$", var.router.cidr))
    error_message = "router.cidr: a /16 from 10.128.0.0 to 10.254.0.0; cells have the lower half, the control plane 10.255.0.0/16."
  }
}

variable "fleet" {
  description = "What all routers have in common, as terraform/fleet.yaml says it."
  type = object({
    hub           = string
    control_plane = object({ url = string, cidr = string })
    operators     = optional(map(string), {})
    alerts        = optional(map(string), {})
    labels        = optional(map(string), {})
  })
  nullable = false

  validation {
    condition     = startswith(var.fleet.control_plane.url, "https://")
    error_message = "fleet.control_plane.url: an https:// URL."
  }
  validation {
    condition     = can(regex("^10\\.[0-9]{1,3}\\.0\\.0/16$", var.fleet.control_plane.cidr)) && var.fleet.control_plane.cidr != var.router.cidr
    error_message = "fleet.control_plane.cidr: a /16 of 10.0.0.0/8 that is not the router's."
  }
}
