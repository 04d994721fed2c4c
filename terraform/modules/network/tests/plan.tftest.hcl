mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  network = {
    cidr          = "10.7.0.0/16"
    hub           = "projects/p/locations/global/hubs/h"
    health_checks = [8443]
    clients       = { routers = { cidrs = ["10.128.0.0/16"], ports = [8443] } }
    servers       = { control-plane = { cidrs = ["10.255.0.0/16"], ports = [443] } }
  }
}

run "cuts_the_papers_ranges" {
  command = plan
  variables {
    network = merge(var.network, { cidr = "10.0.0.0/16" })
  }
  assert {
    condition     = google_compute_subnetwork.gke.ip_cidr_range == "10.0.0.0/20"
    error_message = "nodes have the first /20"
  }
  assert {
    condition     = google_compute_global_address.services["db"].address == "10.0.16.0" && google_compute_global_address.services["db"].prefix_length == 24
    error_message = "databases have 10.0.16.0/24"
  }
  assert {
    condition     = google_compute_global_address.services["redis"].address == "10.0.17.0" && google_compute_global_address.services["redis"].prefix_length == 24
    error_message = "caches have 10.0.17.0/24"
  }
  assert {
    condition     = [for r in google_compute_subnetwork.gke.secondary_ip_range : r.ip_cidr_range] == ["10.0.128.0/17", "10.0.64.0/20"]
    error_message = "pods and services have ranges of their own"
  }
}

run "ranges_of_a_network_do_not_overlap" {
  command = plan
  assert {
    condition     = output.cidr == { gke = "10.7.0.0/20", db = "10.7.16.0/24", redis = "10.7.17.0/24", control_plane = "10.7.18.0/28", services = "10.7.64.0/20", pods = "10.7.128.0/17" }
    error_message = "all ranges are cut from the network's own"
  }
}

run "denies_by_default" {
  command = plan
  assert {
    condition     = google_compute_firewall.deny_in.priority == 65534 && one(google_compute_firewall.deny_in.deny).protocol == "all"
    error_message = "what is not allowed in is denied, and logged"
  }
  assert {
    condition     = google_compute_firewall.deny_out.priority == 65534 && one(google_compute_firewall.deny_out.deny).protocol == "all"
    error_message = "what is not allowed out is denied, and logged"
  }
  assert {
    condition     = google_compute_firewall.private_out.priority < google_compute_firewall.internet.priority
    error_message = "the internet is no way into private networks"
  }
  assert {
    condition     = one(google_compute_firewall.clients["routers"].allow).ports == tolist(["8443"])
    error_message = "clients reach their port and no other"
  }
}

run "exports_load_balancers_only" {
  command = plan
  assert {
    condition     = one(google_network_connectivity_spoke.this[0].linked_vpc_network).include_export_ranges == tolist(["10.7.0.0/20"])
    error_message = "neither pods nor stores are seen from other networks"
  }
}

run "stands_alone_without_a_hub" {
  command = plan
  variables {
    network = merge(var.network, { hub = null })
  }
  assert {
    condition     = length(google_network_connectivity_spoke.this) == 0
    error_message = "no hub, no spoke"
  }
}

run "closes_the_front_without_health_checks" {
  command = plan
  variables {
    network = merge(var.network, { health_checks = [] })
  }
  assert {
    condition     = length(google_compute_firewall.health_checks) == 0
    error_message = "nothing is opened to load balancers"
  }
}

run "has_as_many_egress_addresses_as_asked" {
  command = plan
  variables {
    network = merge(var.network, { egress_ips = 8 })
  }
  assert {
    condition     = length(google_compute_address.egress) == 8
    error_message = "eight addresses"
  }
}
