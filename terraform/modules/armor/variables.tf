variable "armor" {
  description = "A guard: where it stands, how much one address may ask for, how suspicious it is."
  type = object({
    project             = string # of the backend services that it guards
    name                = string
    requests_per_minute = optional(number, 6000) # of one address, before it is refused
    ban_minutes         = optional(number, 10)
    owasp_sensitivity   = optional(number, 1)
    unread              = optional(list(string), []) # fields of forms and queries that the core rules do not look into
    preview             = optional(bool, false)      # rules only log what they would refuse
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.armor.project))
    error_message = "armor.project: a project id is 6 to 30 lower-case letters, digits and hyphens, beginning with a letter."
  }
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.armor.name))
    error_message = "armor.name: at most 63 lower-case letters, digits and hyphens, beginning with a letter."
  }
  validation {
    condition     = var.armor.requests_per_minute >= 60 && var.armor.requests_per_minute <= 100000
    error_message = "armor.requests_per_minute: 60 to 100000."
  }
  validation {
    condition     = var.armor.ban_minutes >= 1 && var.armor.ban_minutes <= 1440
    error_message = "armor.ban_minutes: 1 to 1440."
  }
  validation {
    condition     = contains([1, 2, 3, 4], var.armor.owasp_sensitivity)
    error_message = "armor.owasp_sensitivity: 1 (few false alarms) to 4."
  }
  validation {
    condition     = alltrue([for f in var.armor.unread : can(regex("^[A-Za-z0-9_.-]{1,64}$", f))])
    error_message = "armor.unread: names of fields, such as password."
  }
}
