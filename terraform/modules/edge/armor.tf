locals {
  owasp = ["sqli", "xss", "lfi", "rfi", "rce", "methodenforcement", "scannerdetection", "protocolattack", "sessionfixation", "java", "nodejs", "php"]
}

resource "google_compute_security_policy" "this" {
  project = var.site.project
  name    = "${var.site.name}-armor"

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
    preview     = var.edge.preview
    description = "One address, however many tenants it speaks to. Limits per tenant are the router's."
    match {
      versioned_expr = "SRC_IPS_V1"
      config { src_ip_ranges = ["*"] }
    }
    rate_limit_options {
      conform_action   = "allow"
      exceed_action    = "deny(429)"
      enforce_on_key   = "IP"
      ban_duration_sec = var.edge.ban_minutes * 60
      rate_limit_threshold {
        count        = var.edge.requests_per_minute
        interval_sec = 60
      }
      ban_threshold {
        count        = var.edge.requests_per_minute * 10
        interval_sec = 600
      }
    }
  }

  dynamic "rule" {
    for_each = local.owasp
    content {
      action      = "deny(403)"
      priority    = 100 + rule.key # before the rate rule, which lets through what conforms
      preview     = var.edge.preview
      description = "OWASP core rules: ${rule.value}"
      match {
        expr { expression = "evaluatePreconfiguredWaf('${rule.value}-v33-stable', {'sensitivity': ${var.edge.owasp_sensitivity}})" }
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
