mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  project_number = "100000000099"
  citus = {
    bucket_kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    disk_kms_key   = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    image          = "example.com/psql@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  }
}

run "is_a_coordinator_and_two_workers_with_standbys" {
  command = plan
  assert {
    condition     = local.manifests[8].kind == "SGShardedCluster" && local.manifests[8].spec.shards.clusters == 2 && local.manifests[8].spec.coordinator.instances == 2 && local.manifests[8].spec.shards.instancesPerCluster == 2
    error_message = "two workers, two instances of everything"
  }
  assert {
    condition     = local.manifests[8].spec.replication.mode == "strict-sync"
    error_message = "what was acknowledged survives a failover"
  }
  assert {
    condition     = local.manifests[8].spec.postgres.ssl.enabled
    error_message = "TLS"
  }
}

run "scales_to_fifty_workers" {
  command = plan
  variables {
    citus = merge(var.citus, { workers = 50 })
  }
  assert {
    condition     = local.manifests[8].spec.shards.clusters == 50
    error_message = "fifty workers"
  }
}

run "takes_a_restore_point_of_all_servers_every_quarter_of_an_hour" {
  command = plan
  assert {
    condition     = local.restore_points.spec.schedule == "*/15 * * * *"
    error_message = "every 15 minutes"
  }
  assert {
    condition     = strcontains(local.restore_points.spec.jobTemplate.spec.template.spec.containers[0].command[4], "citus_create_restore_point")
    error_message = "on all servers at once"
  }
  assert {
    condition     = local.postgres_conf.worker["archive_timeout"] == "60s"
    error_message = "WAL is archived within a minute"
  }
}

run "pools_ten_thousand_clients_on_a_hundred_connections" {
  command = plan
  assert {
    condition     = local.manifests[6].spec.pgBouncer["pgbouncer.ini"].pgbouncer.max_client_conn == "10000" && local.manifests[6].spec.pgBouncer["pgbouncer.ini"].pgbouncer.default_pool_size == "100"
    error_message = "10,000 on 100"
  }
  assert {
    condition     = local.manifests[6].spec.pgBouncer["pgbouncer.ini"].pgbouncer.pool_mode == "transaction"
    error_message = "transaction mode"
  }
}

run "archives_to_a_closed_bucket_without_any_key" {
  command = plan
  assert {
    condition     = google_storage_bucket.backups.public_access_prevention == "enforced" && google_storage_bucket.backups.encryption[0].default_kms_key_name == var.citus.bucket_kms_key
    error_message = "closed, and encrypted with our key"
  }
  assert {
    condition     = google_storage_bucket_iam_member.backups.member == "principalSet://iam.googleapis.com/projects/100000000099/locations/global/workloadIdentityPools/coditect-test.svc.id.goog/namespace/citus"
    error_message = "the namespace's pods, by workload identity"
  }
}

run "encrypts_its_volumes_with_our_key" {
  command = plan
  assert {
    condition     = local.manifests[1].parameters["disk-encryption-kms-key"] == var.citus.disk_kms_key && local.manifests[1].reclaimPolicy == "Retain"
    error_message = "our key, and volumes outlive their claims"
  }
}
