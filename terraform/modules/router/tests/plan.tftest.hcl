mock_provider "google" {}

variables {
  router = {
    name           = "router-us"
    project        = "coditect-edge"
    project_number = "100000000002"
    region         = "us-central1"
    zones          = ["us-central1-a", "us-central1-b", "us-central1-c"]
    cidr           = "10.128.0.0/16"
  }
  fleet = {
    hub           = "projects/p/locations/global/hubs/h"
    control_plane = { url = "https://control.example.com", cidr = "10.255.0.0/16" }
  }
}

run "names_its_endpoint_groups" {
  command = plan
  assert {
    condition     = output.endpoint_groups[0] == "projects/coditect-edge/zones/us-central1-a/networkEndpointGroups/router" && length(output.endpoint_groups) == 3
    error_message = "one a zone"
  }
}

run "stands_beside_another_fleet_in_the_same_project" {
  command = plan
  variables {
    router = merge(var.router, { name = "router-eu", region = "europe-west1", zones = ["europe-west1-b", "europe-west1-c", "europe-west1-d"], cidr = "10.129.0.0/16" })
  }
  assert {
    condition     = output.endpoint_groups[0] == "projects/coditect-edge/zones/europe-west1-b/networkEndpointGroups/router"
    error_message = "names of its own"
  }
}
