resource "google_redis_instance" "this" {
  project                 = var.site.project
  region                  = var.site.region
  name                    = "${var.site.name}-redis"
  tier                    = "STANDARD_HA"
  memory_size_gb          = var.redis.memory_gb
  redis_version           = var.redis.version
  replica_count           = var.redis.replicas
  read_replicas_mode      = var.redis.replicas > 1 ? "READ_REPLICAS_ENABLED" : "READ_REPLICAS_DISABLED"
  authorized_network      = var.redis.network
  connect_mode            = "PRIVATE_SERVICE_ACCESS"
  reserved_ip_range       = var.redis.range
  auth_enabled            = true
  transit_encryption_mode = "SERVER_AUTHENTICATION"
  customer_managed_key    = var.redis.kms_key
  labels                  = var.site.labels

  redis_configs = {
    maxmemory-policy = var.redis.eviction
    maxmemory-gb     = format("%.1f", var.redis.memory_gb * 0.9) # the rest is for failover's copy
    timeout          = "600"
  }

  persistence_config { persistence_mode = "DISABLED" }
  maintenance_policy {
    weekly_maintenance_window {
      day = "SUNDAY"
      start_time {
        hours   = 5
        minutes = 0
        seconds = 0
        nanos   = 0
      }
    }
  }
}
