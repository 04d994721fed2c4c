locals {
  name  = var.site.name
  meta  = { namespace = var.citus.namespace, labels = var.site.labels }
  start = split(":", var.citus.backup_start)

  sizes = { coordinator = var.citus.coordinator, worker = var.citus.worker }
  pods = { for part, size in local.sizes : part => {
    persistentVolume = { size = "${size.disk_gb}Gi", storageClass = "${local.name}-citus" }
  } }
  # A quarter of the memory for shared buffers, half of it taken as cached.
  postgres_conf = { for part, size in local.sizes : part => {
    "shared_buffers"                      = "${floor(size.memory_gb * 256)}MB"
    "effective_cache_size"                = "${floor(size.memory_gb * 512)}MB"
    "max_connections"                     = tostring(var.citus.server_connections * (part == "worker" ? 4 : 2))
    "wal_level"                           = "logical" # migrations read a tenant's changes from a slot
    "max_replication_slots"               = "20"
    "max_slot_wal_keep_size"              = "50GB"
    "archive_timeout"                     = "60s"
    "max_prepared_transactions"           = "400"
    "password_encryption"                 = "scram-sha-256"
    "idle_in_transaction_session_timeout" = "60s"
    "log_lock_waits"                      = "on"
  } }

  manifests = concat(
    [{
      apiVersion = "v1", kind = "Namespace"
      metadata = {
        name   = var.citus.namespace
        labels = { "pod-security.kubernetes.io/enforce" = "baseline", "pod-security.kubernetes.io/warn" = "restricted" }
      }
    }],
    [{
      apiVersion           = "storage.k8s.io/v1", kind = "StorageClass"
      metadata             = { name = "${local.name}-citus", labels = var.site.labels }
      provisioner          = "pd.csi.storage.gke.io"
      parameters           = { type = "pd-ssd", "disk-encryption-kms-key" = var.citus.disk_kms_key }
      reclaimPolicy        = "Retain"
      volumeBindingMode    = "WaitForFirstConsumer"
      allowVolumeExpansion = true
    }],
    [for part, size in local.sizes : {
      apiVersion = "stackgres.io/v1", kind = "SGInstanceProfile"
      metadata   = merge(local.meta, { name = "${local.name}-${part}" })
      spec       = { cpu = tostring(size.cpu), memory = "${size.memory_gb}Gi" }
    }],
    [for part, conf in local.postgres_conf : {
      apiVersion = "stackgres.io/v1", kind = "SGPostgresConfig"
      metadata   = merge(local.meta, { name = "${local.name}-${part}" })
      spec       = { postgresVersion = split(".", var.citus.postgres_version)[0], "postgresql.conf" = conf }
    }],
    [{
      apiVersion = "stackgres.io/v1", kind = "SGPoolingConfig"
      metadata   = merge(local.meta, { name = local.name })
      spec = { pgBouncer = { "pgbouncer.ini" = { pgbouncer = {
        pool_mode          = "transaction"
        max_client_conn    = tostring(var.citus.client_connections)
        default_pool_size  = tostring(var.citus.server_connections)
        max_db_connections = tostring(var.citus.server_connections)
        server_tls_sslmode = "require"
      } } } }
    }],
    [{
      apiVersion = "stackgres.io/v1beta1", kind = "SGObjectStorage"
      metadata   = merge(local.meta, { name = local.name })
      spec = { type = "gcs", gcs = {
        bucket         = google_storage_bucket.backups.name
        gcpCredentials = { fetchCredentialsFromMetadataService = true }
      } }
    }],
    [{
      apiVersion = "stackgres.io/v1alpha1", kind = "SGShardedCluster"
      metadata   = merge(local.meta, { name = local.name })
      spec = {
        type     = "citus"
        database = var.citus.database
        profile  = "production" # no two instances of one server on one node
        postgres = {
          version    = var.citus.postgres_version
          extensions = [{ name = "citus", version = var.citus.citus_version }]
          ssl        = { enabled = true }
        }
        replication = { mode = "strict-sync", syncInstances = 1 } # what was acknowledged survives a failover
        coordinator = {
          instances         = var.citus.instances
          sgInstanceProfile = "${local.name}-coordinator"
          pods              = local.pods.coordinator
          configurations    = { sgPostgresConfig = "${local.name}-coordinator", sgPoolingConfig = local.name }
        }
        shards = {
          clusters            = var.citus.workers
          instancesPerCluster = var.citus.instances
          sgInstanceProfile   = "${local.name}-worker"
          pods                = local.pods.worker
          configurations      = { sgPostgresConfig = "${local.name}-worker", sgPoolingConfig = local.name }
        }
        configurations = { backups = [{
          sgObjectStorage = local.name
          cronSchedule    = "${tonumber(local.start[1])} ${tonumber(local.start[0])} * * *"
          retention       = var.citus.backups
          compression     = "zstd"
        }] }
        prometheusAutobind = true
      }
    }],
    [local.restore_points],
  )

  # WAL is archived server by server. Only a restore point that Citus takes on
  # all of them at once is a moment to which the whole cluster can be restored.
  restore_points = {
    apiVersion = "batch/v1", kind = "CronJob"
    metadata   = merge(local.meta, { name = "${local.name}-restore-point" })
    spec = {
      schedule                   = "*/${var.citus.restore_point_minutes} * * * *"
      concurrencyPolicy          = "Forbid"
      startingDeadlineSeconds    = 60
      successfulJobsHistoryLimit = 1
      jobTemplate = { spec = {
        activeDeadlineSeconds = 120
        backoffLimit          = 1
        template = { spec = {
          restartPolicy                = "Never"
          automountServiceAccountToken = false
          securityContext              = { runAsNonRoot = true, runAsUser = 65532, seccompProfile = { type = "RuntimeDefault" } }
          containers = [{
            name    = "psql"
            image   = var.citus.image
            command = ["psql", "-v", "ON_ERROR_STOP=1", "-c", "SELECT citus_create_restore_point('cell-' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD\"T\"HH24MI'))"]
            env = [
              { name = "PGHOST", value = local.name },
              { name = "PGPORT", value = "5433" }, # past the pooler
              { name = "PGDATABASE", value = var.citus.database },
              { name = "PGUSER", value = "postgres" },
              { name = "PGSSLMODE", value = "require" },
              { name = "PGPASSWORD", valueFrom = { secretKeyRef = { name = local.name, key = "superuser-password" } } },
            ]
            resources       = { requests = { cpu = "100m", memory = "64Mi" }, limits = { cpu = "250m", memory = "128Mi" } }
            securityContext = { allowPrivilegeEscalation = false, readOnlyRootFilesystem = true, capabilities = { drop = ["ALL"] } }
          }]
        } }
      } }
    }
  }
}
