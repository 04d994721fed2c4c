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

variable "keys" {
  description = "Encryption keys by what they encrypt, in a key ring of the site's region or another one."
  type = map(object({
    location      = optional(string)          # null: the site's region
    users         = optional(map(string), {}) # name => IAM member that encrypts and decrypts with it: Google's service agents
    rotation_days = optional(number, 90)
  }))
  nullable = false

  validation {
    condition     = contains(keys(var.keys), "secrets") && alltrue([for k in keys(var.keys) : can(regex("^[a-z][a-z0-9-]{1,30}$", k))])
    error_message = "keys.key: lower-case letters, digits and hyphens; one is called secrets, and encrypts those."
  }
  validation {
    condition     = alltrue([for k in values(var.keys) : k.location == null ? true : can(regex("^([a-z]+-[a-z]+[0-9]{1,2}|global|us|eu)$", k.location))])
    error_message = "keys.location: a region, or global, us, eu."
  }
  validation {
    condition     = alltrue([for k in values(var.keys) : alltrue([for m in values(k.users) : can(regex("^serviceAccount:.+@.*gserviceaccount\\.com$", m))])])
    error_message = "keys.users: service accounts only."
  }
  validation {
    condition     = alltrue([for k in values(var.keys) : k.rotation_days >= 1 && k.rotation_days <= 365])
    error_message = "keys.rotation_days: 1 to 365."
  }
}

variable "secrets" {
  description = "Secrets by name, and who may read each. Values never pass through Terraform: docs/infrastructure.md says how they come in."
  type = map(object({
    readers = map(string) # name => IAM member
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for k in keys(var.secrets) : can(regex("^[a-z][a-z0-9-]{1,40}$", k))])
    error_message = "secrets.key: lower-case letters, digits and hyphens."
  }
  validation {
    condition     = alltrue([for s in values(var.secrets) : length(s.readers) > 0 && alltrue([for m in values(s.readers) : can(regex("^(serviceAccount:|principal://)", m))])])
    error_message = "secrets.readers: at least one workload (serviceAccount: or principal://), and workloads only."
  }
}
