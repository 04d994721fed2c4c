locals {
  name   = "rabbitmq"
  labels = { "app.kubernetes.io/name" = local.name }

  manifests = [
    {
      apiVersion = "v1", kind = "Namespace"
      metadata = {
        name   = var.rabbitmq.namespace
        labels = { "pod-security.kubernetes.io/enforce" = "restricted" }
      }
    },
    {
      apiVersion           = "storage.k8s.io/v1", kind = "StorageClass"
      metadata             = { name = "${var.site.name}-rabbitmq", labels = var.site.labels }
      provisioner          = "pd.csi.storage.gke.io"
      parameters           = { type = "pd-ssd", "disk-encryption-kms-key" = var.rabbitmq.kms_key }
      reclaimPolicy        = "Retain"
      volumeBindingMode    = "WaitForFirstConsumer"
      allowVolumeExpansion = true
    },
    {
      apiVersion = "rabbitmq.com/v1beta1", kind = "RabbitmqCluster"
      metadata   = { name = local.name, namespace = var.rabbitmq.namespace, labels = var.site.labels }
      spec = {
        replicas    = var.rabbitmq.nodes
        image       = var.rabbitmq.image
        persistence = { storageClassName = "${var.site.name}-rabbitmq", storage = "${var.rabbitmq.disk_gb}Gi" }
        resources = {
          requests = { cpu = tostring(var.rabbitmq.cpu), memory = "${var.rabbitmq.memory_gb}Gi" }
          limits   = { cpu = tostring(var.rabbitmq.cpu), memory = "${var.rabbitmq.memory_gb}Gi" }
        }
        tls = { secretName = "rabbitmq-tls", disableNonTLSListeners = true }
        rabbitmq = {
          additionalConfig = join("\n", [
            "default_queue_type = quorum",
            "cluster_partition_handling = pause_minority",
            "quorum_queue.property_equivalence.relaxed_checks_on_redeclaration = true",
            "disk_free_limit.relative = 1.0",
            "vm_memory_high_watermark.relative = 0.6",
            "consumer_timeout = 1800000",
          ])
          additionalPlugins = ["rabbitmq_prometheus"]
        }
        terminationGracePeriodSeconds = 600 # a node leaves once the others have its queues
        override = { statefulSet = { spec = { template = { spec = {
          topologySpreadConstraints = [{
            maxSkew           = 1
            topologyKey       = "topology.kubernetes.io/zone"
            whenUnsatisfiable = "DoNotSchedule"
            labelSelector     = { matchLabels = local.labels }
          }]
          containers = [] # the operator merges by name
        } } } } }
      }
    },
    {
      apiVersion = "policy/v1", kind = "PodDisruptionBudget"
      metadata   = { name = local.name, namespace = var.rabbitmq.namespace }
      spec       = { maxUnavailable = 1, selector = { matchLabels = local.labels } }
    },
  ]
}
