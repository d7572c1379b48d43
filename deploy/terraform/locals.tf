data "aws_partition" "this" {}

data "aws_caller_identity" "this" {
  count = var.account_id == null ? 1 : 0
}

locals {
  stack = {
    name       = var.name
    region     = var.region
    account_id = var.account_id != null ? var.account_id : data.aws_caller_identity.this[0].account_id
    partition  = data.aws_partition.this.partition
    dns_suffix = data.aws_partition.this.dns_suffix
  }

  # An alarm's topic and the cluster are named before they are made: nearly everything refers to them.
  alarm_topic_arn = "arn:${local.stack.partition}:sns:${var.region}:${local.stack.account_id}:${var.name}-alarms"
  keys            = var.kms_key_arn == null ? module.keys[0].arns : { data = var.kms_key_arn, operations = var.kms_key_arn }

  foreign_keys    = compact([for options in concat(values(var.source_buckets), values(var.target_buckets)) : options.kms_key_arn])
  object_key_arns = concat([local.keys.data], local.foreign_keys, var.route_key_arns)
  # A bucket may be both, in a chain of rules: it is made once, as a source.
  target_only = { for bucket, options in var.target_buckets : bucket => options if options.create && !contains(keys(var.source_buckets), bucket) }

  image = var.image_digest == null ? null : {
    drayage      = "${module.image.urls["drayage"]}@${var.image_digest}"
    repositories = values(module.image.arns)
  }
  collector = var.collector == null ? null : {
    image  = "${module.image.urls["collector"]}@${var.collector.digest}"
    config = module.observability.collector_config
  }

  queues = merge({ ingest = module.ingest.queue }, module.lane)

  # Environment variables of the program: docs/configuration.md. Null leaves one out.
  shared_environment = {
    DRAYAGE_REGION               = var.region
    DRAYAGE_TABLE                = module.ledger.table
    DRAYAGE_VISIBILITY_TIMEOUT_S = tostring(var.timing.visibility_timeout_s)
    DRAYAGE_WAIT_S               = tostring(var.timing.wait_s)
    DRAYAGE_GRACE_PERIOD_S       = tostring(var.timing.grace_period_s)
    DRAYAGE_RETENTION_DAYS       = tostring(var.retention_days)
    DRAYAGE_LOG                  = var.log.filter
    DRAYAGE_OTLP_ENDPOINT        = var.collector == null ? null : "http://127.0.0.1:4317"
    DRAYAGE_TRACE_PERCENT        = var.collector == null ? null : tostring(var.collector.trace_percent)
  }
  dispatcher_environment = merge(local.shared_environment, {
    DRAYAGE_INGEST_QUEUE = module.ingest.queue.name
    DRAYAGE_LANES        = join(",", [for name, lane in module.lane : "${name}=${lane.name}"])
    DRAYAGE_RULES_TEXT   = var.rules
    DRAYAGE_POLLERS      = tostring(var.dispatcher.pollers)
  })
  worker_environment = {
    for name, lane in var.lanes : name => merge(local.shared_environment, {
      DRAYAGE_LANES               = "${name}=${module.lane[name].name}"
      DRAYAGE_CONCURRENCY         = "${name}=${lane.concurrency}"
      DRAYAGE_PART_BYTES          = lane.part_bytes
      DRAYAGE_PARTS_IN_FLIGHT     = tostring(lane.parts_in_flight)
      DRAYAGE_STREAMS_MAX         = tostring(lane.streams_max)
      DRAYAGE_BUFFER_BYTES        = lane.buffer_bytes
      DRAYAGE_FAILED_ATTEMPTS_MAX = tostring(lane.failed_attempts_max)
    })
  }
  reaper_environment = {
    DRAYAGE_REGION     = var.region
    DRAYAGE_TABLE      = module.ledger.table
    DRAYAGE_BUCKET     = join(",", keys(var.target_buckets))
    DRAYAGE_PREFIX     = var.reaper.prefix
    DRAYAGE_OLDER_THAN = var.reaper.older_than
    # Only what this stack's workers began: others may upload into the same buckets.
    DRAYAGE_INITIATOR = "assumed-role/${var.name}-worker-"
  }

  services = local.image == null ? {} : merge(
    {
      dispatcher = {
        command          = ["dispatcher"]
        cpu              = var.dispatcher.cpu
        memory           = var.dispatcher.memory
        environment      = local.dispatcher_environment
        policy           = module.access.dispatcher
        queue            = module.ingest.queue.name
        tasks_min        = var.dispatcher.tasks_min
        tasks_max        = var.dispatcher.tasks_max
        backlog_per_task = var.dispatcher.backlog_per_task
        spot_percent     = 0
      }
    },
    {
      for name, lane in var.lanes : "worker-${name}" => {
        command          = ["worker"]
        cpu              = lane.cpu
        memory           = lane.memory
        environment      = local.worker_environment[name]
        policy           = module.access.worker[name]
        queue            = module.lane[name].name
        tasks_min        = lane.tasks_min
        tasks_max        = lane.tasks_max
        backlog_per_task = lane.backlog_per_task
        spot_percent     = lane.spot_percent
      }
    },
  )
}
