variable "control_plane" {
  description = "The global service: directory, placement, sign-up, billing, and what belongs to the whole fleet (the hub of networks, images and who signs them)."
  type = object({
    project        = string
    project_number = string
    region         = string
    zones          = list(string)
    cidr           = optional(string, "10.255.0.0/16")
    backup_region  = string
    database       = optional(object({ machine = optional(string, "db-custom-4-16384"), disk_gb = optional(number, 100), read_replicas = optional(number, 1) }), {})
    clients        = map(string)               # name => range of those that call the API: routers' networks, cells
    operators      = optional(map(string), {}) # name => range that may reach the API server
    signing_keys   = map(string)               # name => PEM public key of a build that may sign images
    alerts         = optional(map(string), {})
    labels         = optional(map(string), {})
    public = optional(object({             # null until the programs run: GKE makes the endpoint groups for their Services
      users   = optional(list(string), []) # who may refer to the backend services: whoever applies terraform/global/edge
      preview = optional(bool, false)      # the guards' rules only log what they would refuse
    }))
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{6,20}$", var.control_plane.project_number))
    error_message = "control_plane.project_number: digits only; gcloud projects describe shows it."
  }
  validation {
    condition     = length(var.control_plane.signing_keys) > 0 && alltrue([for k in values(var.control_plane.signing_keys) : startswith(trimspace(k), "-----BEGIN PUBLIC KEY-----")])
    error_message = "control_plane.signing_keys: at least one public key in PEM; without it no image could ever run."
  }
  validation {
    condition     = length(var.control_plane.clients) > 0
    error_message = "control_plane.clients: at least one range; nobody could call it."
  }
  validation {
    condition     = var.control_plane.backup_region != var.control_plane.region
    error_message = "control_plane.backup_region: a region other than the control plane's."
  }
  validation {
    condition     = alltrue([for m in try(var.control_plane.public.users, []) : can(regex("^(serviceAccount|group):[^@ ]+@[a-z0-9.-]+$", m))])
    error_message = "control_plane.public.users: serviceAccount:… or group:…; people come and go."
  }
}
