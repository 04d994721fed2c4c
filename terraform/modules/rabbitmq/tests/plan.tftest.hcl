variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  rabbitmq = {
    kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    image   = "example.com/rabbitmq@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}

run "is_a_quorum_of_three_zones" {
  command = plan
  assert {
    condition     = local.manifests[2].kind == "RabbitmqCluster" && local.manifests[2].spec.replicas == 3
    error_message = "three nodes"
  }
  assert {
    condition     = local.manifests[2].spec.override.statefulSet.spec.template.spec.topologySpreadConstraints[0].whenUnsatisfiable == "DoNotSchedule"
    error_message = "each in a zone of its own"
  }
  assert {
    condition     = strcontains(local.manifests[2].spec.rabbitmq.additionalConfig, "default_queue_type = quorum")
    error_message = "quorum queues"
  }
  assert {
    condition     = local.manifests[3].spec.maxUnavailable == 1
    error_message = "one node at a time"
  }
}

run "speaks_tls_only" {
  command = plan
  assert {
    condition     = local.manifests[2].spec.tls.disableNonTLSListeners
    error_message = "TLS only"
  }
}

run "opens_no_door" {
  command = plan
  assert {
    condition     = !contains(local.manifests[*].kind, "NetworkPolicy")
    error_message = "policies add up: who may connect is said in one place, deploy/kubernetes/base/broker"
  }
}

run "encrypts_its_volumes_with_our_key" {
  command = plan
  assert {
    condition     = local.manifests[1].parameters["disk-encryption-kms-key"] == var.rabbitmq.kms_key
    error_message = "our key"
  }
}

run "grows_by_odd_numbers" {
  command = plan
  variables {
    rabbitmq = merge(var.rabbitmq, { nodes = 5 })
  }
  assert {
    condition     = local.manifests[2].spec.replicas == 5
    error_message = "five nodes"
  }
}
