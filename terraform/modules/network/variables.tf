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

variable "network" {
  description = "The network's addresses and who may pass. `cidr` is the network's own /16; every range below is cut from it."
  type = object({
    cidr          = string
    egress_ips    = optional(number, 2)        # static addresses that tenants may put on their allow lists
    hub           = optional(string)           # Network Connectivity Center hub; null: the network stands alone
    flow_sampling = optional(number, 0.1)      # share of the flows that are logged
    health_checks = optional(list(number), []) # ports that Google's load balancers probe and serve through
    clients = optional(map(object({            # who may connect to the nodes' pods, and where
      cidrs = list(string)
      ports = list(number)
    })), {})
    servers = optional(map(object({ # private addresses outside that the pods may connect to
      cidrs = list(string)
      ports = list(number)
    })), {})
    internet_ports = optional(list(number), [443]) # on public addresses, through NAT
  })
  nullable = false

  validation {
    condition     = can(regex("^10\\.[0-9]{1,3}\\.0\\.0/16$", var.network.cidr)) && can(cidrnetmask(var.network.cidr))
    error_message = "network.cidr: a /16 out of 10.0.0.0/8, such as 10.0.0.0/16."
  }
  validation {
    condition     = var.network.egress_ips >= 1 && var.network.egress_ips <= 8 && floor(var.network.egress_ips) == var.network.egress_ips
    error_message = "network.egress_ips: 1 to 8 addresses."
  }
  validation {
    condition     = var.network.hub == null || can(regex("^projects/[^/]+/locations/global/hubs/[^/]+$", var.network.hub))
    error_message = "network.hub: projects/PROJECT/locations/global/hubs/NAME."
  }
  validation {
    condition     = var.network.flow_sampling > 0 && var.network.flow_sampling <= 1
    error_message = "network.flow_sampling: more than 0, at most 1; flow logs stay on."
  }
  validation {
    condition     = alltrue([for p in var.network.health_checks : p >= 1 && p <= 65535])
    error_message = "network.health_checks: ports from 1 to 65535."
  }
  validation {
    condition = alltrue([for c in values(var.network.clients) :
      length(c.ports) > 0 && length(c.cidrs) > 0 && alltrue([for r in c.cidrs : can(cidrnetmask(r)) && startswith(r, "10.")]) && alltrue([for p in c.ports : p >= 1 && p <= 65535])
    ])
    error_message = "network.clients: each names ranges within 10.0.0.0/8 and ports from 1 to 65535; the internet comes in through the edge only."
  }
  validation {
    condition = alltrue([for s in values(var.network.servers) :
      length(s.ports) > 0 && length(s.cidrs) > 0 && alltrue([for r in s.cidrs : can(cidrnetmask(r)) && startswith(r, "10.")]) && alltrue([for p in s.ports : p >= 1 && p <= 65535])
    ])
    error_message = "network.servers: each names ranges within 10.0.0.0/8 and ports from 1 to 65535."
  }
  validation {
    condition     = length(var.network.internet_ports) > 0 && alltrue([for p in var.network.internet_ports : contains([443, 465, 587], p)])
    error_message = "network.internet_ports: 443 (webhooks, Google's and Stripe's APIs), 465 and 587 (mail over TLS); nothing leaves in the clear."
  }
}
