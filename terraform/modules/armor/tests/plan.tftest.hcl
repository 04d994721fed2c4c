mock_provider "google" {}

variables {
  armor = {
    project = "coditect-test"
    name    = "edge-armor"
  }
}

run "limits_addresses_and_refuses_attacks" {
  command = plan
  assert {
    condition     = [for r in google_compute_security_policy.this.rule : r.rate_limit_options[0].enforce_on_key if r.action == "rate_based_ban"] == ["IP"]
    error_message = "a rate for each address"
  }
  assert {
    condition     = [for r in google_compute_security_policy.this.rule : r.preview if r.action == "deny(403)"] == [for n in range(12) : false]
    error_message = "OWASP's rules"
  }
  assert {
    condition     = alltrue([for r in google_compute_security_policy.this.rule : r.priority < 1000 if r.action == "deny(403)"])
    error_message = "attacks are refused before the rate lets them through"
  }
  assert {
    condition     = google_compute_security_policy.this.adaptive_protection_config[0].layer_7_ddos_defense_config[0].enable
    error_message = "adaptive protection"
  }
  assert {
    condition     = alltrue([for r in google_compute_security_policy.this.rule : length(r.preconfigured_waf_config) == 0])
    error_message = "every field is looked into"
  }
}

run "can_be_stricter" {
  command = plan
  variables {
    armor = merge(var.armor, { requests_per_minute = 300, ban_minutes = 30, owasp_sensitivity = 2 })
  }
  assert {
    condition     = [for r in google_compute_security_policy.this.rule : r.rate_limit_options[0].rate_limit_threshold[0].count if r.action == "rate_based_ban"] == [300]
    error_message = "300 a minute"
  }
  assert {
    condition     = [for r in google_compute_security_policy.this.rule : [r.rate_limit_options[0].ban_duration_sec, r.rate_limit_options[0].ban_threshold[0].count] if r.action == "rate_based_ban"] == [[1800, 3000]]
    error_message = "half an hour for ten minutes of it"
  }
  assert {
    condition     = alltrue([for r in google_compute_security_policy.this.rule : strcontains(r.match[0].expr[0].expression, "'sensitivity': 2") if r.action == "deny(403)"])
    error_message = "more suspicious"
  }
}

run "can_watch_before_it_refuses" {
  command = plan
  variables {
    armor = merge(var.armor, { preview = true })
  }
  assert {
    condition     = alltrue([for r in google_compute_security_policy.this.rule : r.preview if r.action != "allow"])
    error_message = "rules only log"
  }
}

run "lets_methods_of_the_api_through" {
  command = plan
  assert {
    condition     = alltrue([for r in google_compute_security_policy.this.rule : !strcontains(r.description, "methodenforcement")])
    error_message = "the core rules know no PATCH"
  }
}

run "does_not_look_into_passwords" {
  command = plan
  variables {
    armor = merge(var.armor, { unread = ["password", "redirect_uri"] })
  }
  assert {
    condition = alltrue([for r in google_compute_security_policy.this.rule :
      [for f in r.preconfigured_waf_config[0].exclusion[0].request_query_param : f.value] == ["password", "redirect_uri"] if r.action == "deny(403)"
    ])
    error_message = "in no set of rules"
  }
  assert {
    condition = alltrue([for r in google_compute_security_policy.this.rule :
      strcontains(r.match[0].expr[0].expression, "'${r.preconfigured_waf_config[0].exclusion[0].target_rule_set}'") if r.action == "deny(403)"
    ])
    error_message = "each of its own"
  }
}
