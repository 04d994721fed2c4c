# Limits per tenant, account and token are the programs': no load balancer knows those.
locals {
  # Google's names of OWASP's rules, and its own for vulnerabilities of the day. Not methodenforcement: it
  # refuses PUT, PATCH and DELETE.
  owasp = [for rule in ["sqli", "xss", "lfi", "rfi", "rce", "scannerdetection", "protocolattack", "sessionfixation", "java", "nodejs", "php"] : "${rule}-v33-stable"]
  rules = concat(local.owasp, ["cve-canary"])
}

resource "google_compute_security_policy" "this" {
  project = var.armor.project
  name    = var.armor.name

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable          = true
      rule_visibility = "STANDARD"
    }
  }
  advanced_options_config {
    json_parsing = "STANDARD"
    log_level    = "NORMAL"
  }

  rule {
    action      = "rate_based_ban"
    priority    = 1000
    preview     = var.armor.preview
    description = "One address, however many tenants it speaks to."
    match {
      versioned_expr = "SRC_IPS_V1"
      config { src_ip_ranges = ["*"] }
    }
    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = var.armor.ban_minutes * 60
      rate_limit_threshold {
        count        = var.armor.requests_per_minute
        interval_sec = 60
      }
      ban_threshold {
        count        = var.armor.requests_per_minute * 10
        interval_sec = 600
      }
    }
  }

  dynamic "rule" {
    for_each = local.rules
    content {
      action      = "deny(403)"
      priority    = 100 + rule.key # before the rate rule, which lets through what conforms
      preview     = var.armor.preview
      description = "Attacks: ${rule.value}"
      match {
        expr { expression = "evaluatePreconfiguredWaf('${rule.value}', {'sensitivity': ${var.armor.owasp_sensitivity}})" }
      }
      dynamic "preconfigured_waf_config" {
        for_each = length(var.armor.unread) > 0 ? [rule.value] : []
        content {
          exclusion {
            target_rule_set = preconfigured_waf_config.value
            dynamic "request_query_param" { # in a form's body, too
              for_each = var.armor.unread
              content {
                operator = "EQUALS"
                value    = request_query_param.value
              }
            }
          }
        }
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Everybody else."
    match {
      versioned_expr = "SRC_IPS_V1"
      config { src_ip_ranges = ["*"] }
    }
  }
}
