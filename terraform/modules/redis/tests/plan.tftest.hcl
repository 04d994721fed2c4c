mock_provider "google" {}

variables {
  site = {
    project = "coditect-test"
    region  = "us-central1"
    name    = "cell-t"
    labels  = { environment = "test" }
  }
  redis = {
    network = "projects/p/global/networks/n"
    range   = "cell-t-redis-subnet"
    kms_key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
  }
}

run "fails_over_and_is_closed" {
  command = plan
  assert {
    condition     = google_redis_instance.this.tier == "STANDARD_HA" && google_redis_instance.this.replica_count == 1
    error_message = "a replica in another zone"
  }
  assert {
    condition     = google_redis_instance.this.auth_enabled && google_redis_instance.this.transit_encryption_mode == "SERVER_AUTHENTICATION"
    error_message = "password and TLS"
  }
  assert {
    condition     = google_redis_instance.this.connect_mode == "PRIVATE_SERVICE_ACCESS" && google_redis_instance.this.reserved_ip_range == "cell-t-redis-subnet"
    error_message = "in its own private range"
  }
  assert {
    condition     = google_redis_instance.this.customer_managed_key == var.redis.kms_key
    error_message = "our key"
  }
}

run "evicts_what_was_used_least" {
  command = plan
  assert {
    condition     = google_redis_instance.this.redis_configs["maxmemory-policy"] == "allkeys-lru" && google_redis_instance.this.redis_configs["maxmemory-gb"] == "5.4"
    error_message = "LRU, with room for a failover"
  }
  assert {
    condition     = google_redis_instance.this.persistence_config[0].persistence_mode == "DISABLED"
    error_message = "a cache"
  }
}

run "grows_to_a_hundred_gigabytes" {
  command = plan
  variables {
    redis = merge(var.redis, { memory_gb = 100 })
  }
  assert {
    condition     = google_redis_instance.this.memory_size_gb == 100
    error_message = "100 GB"
  }
}

run "spreads_reads_over_replicas" {
  command = plan
  variables {
    redis = merge(var.redis, { replicas = 2 })
  }
  assert {
    condition     = google_redis_instance.this.read_replicas_mode == "READ_REPLICAS_ENABLED"
    error_message = "more than one replica can be read from"
  }
}
