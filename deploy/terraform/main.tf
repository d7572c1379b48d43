# Composes; every resource is in a module. The order below is that of a file's way.

module "keys" {
  source = "./modules/keys"
  count  = var.kms_key_arn == null ? 1 : 0

  stack = local.stack
}

module "network" {
  source = "./modules/network"

  stack              = local.stack
  existing           = var.existing_network
  cidr               = var.network.cidr
  availability_zones = var.network.availability_zones
  interface_services = concat(["sqs", "ecr.api", "ecr.dkr", "logs", "ecs"], var.collector == null ? [] : ["xray"])
  buckets            = distinct(concat(keys(var.source_buckets), keys(var.target_buckets)))
  kms_key_arn        = local.keys.operations
}

module "ingest" {
  source = "./modules/ingest"

  stack           = local.stack
  sources         = { for bucket, options in var.source_buckets : bucket => merge(options, { account_id = coalesce(options.account_id, local.stack.account_id) }) }
  kms_key_arn     = local.keys.data
  force_destroy   = !var.protected
  alarm_topic_arn = local.alarm_topic_arn

  queue = {
    visibility_timeout_s = var.timing.visibility_timeout_s
    retention_days       = 4
    age_alarm_s          = var.dispatcher.age_alarm_s
    depth_alarm          = var.dispatcher.depth_alarm
  }

  sftp = var.sftp == null ? null : {
    users           = var.sftp.users
    allowed_cidrs   = var.sftp.allowed_cidrs
    vpc_id          = module.network.vpc_id
    subnet_ids      = module.network.subnet_ids
    object_key_arns = local.object_key_arns
    kms_key_arn     = local.keys.operations
    log_days        = var.log.days
  }
}

module "lane" {
  source   = "./modules/lane"
  for_each = var.lanes

  stack                = local.stack
  lane                 = each.key
  fifo                 = each.value.fifo
  kms_key_arn          = local.keys.data
  visibility_timeout_s = var.timing.visibility_timeout_s
  retention_days       = each.value.retention_days
  age_alarm_s          = each.value.age_alarm_s
  depth_alarm          = each.value.depth_alarm
  alarm_topic_arn      = local.alarm_topic_arn
}

module "ledger" {
  source = "./modules/ledger"

  stack               = local.stack
  table               = var.table
  kms_key_arn         = local.keys.data
  deletion_protection = var.protected
}

module "storage" {
  source   = "./modules/storage"
  for_each = local.target_only

  stack         = local.stack
  bucket        = each.key
  kms_key_arn   = local.keys.data
  expire_days   = each.value.expire_days
  force_destroy = !var.protected
}

module "image" {
  source = "./modules/image"

  stack        = local.stack
  repositories = concat(["drayage"], var.collector == null ? [] : ["collector"])
  kms_key_arn  = local.keys.data
  force_delete = !var.protected
}

module "cluster" {
  source = "./modules/cluster"

  stack = local.stack
}

module "access" {
  source = "./modules/access"

  stack               = local.stack
  ingest              = module.ingest.queue
  lanes               = module.lane
  table_arn           = module.ledger.arn
  sources             = { for bucket, options in var.source_buckets : bucket => { account_id = coalesce(options.account_id, local.stack.account_id) } }
  targets             = { for bucket, options in var.target_buckets : bucket => { account_id = coalesce(options.account_id, local.stack.account_id) } }
  queue_key_arn       = local.keys.data
  object_key_arns     = local.object_key_arns
  cluster_arn         = module.cluster.arn
  collector_log_group = module.observability.collector_log_group
}

module "service" {
  source   = "./modules/service"
  for_each = local.services

  stack             = local.stack
  service           = each.key
  cluster           = module.cluster.name
  subnet_ids        = module.network.subnet_ids
  security_group_id = module.network.security_group_id
  queue             = each.value.queue
  tasks_min         = each.value.tasks_min
  tasks_max         = each.value.tasks_max
  backlog_per_task  = each.value.backlog_per_task
  spot_percent      = each.value.spot_percent
  alarm_topic_arn   = local.alarm_topic_arn

  task = {
    command         = each.value.command
    image           = local.image.drayage
    repository_arns = local.image.repositories
    cpu             = each.value.cpu
    memory          = each.value.memory
    architecture    = var.architecture
    environment     = each.value.environment
    policy          = each.value.policy
    health_command  = var.health_command
    collector       = local.collector
    log_days        = var.log.days
    kms_key_arn     = local.keys.operations
  }

  # A task that starts before its queues have dead-letter queues refuses to work; one without endpoints cannot pull its image.
  wait_for = concat(module.ingest.ready, flatten([for lane in module.lane : lane.ready]), module.network.ready)
}

module "reaper" {
  source = "./modules/reaper"
  count  = local.image == null ? 0 : 1

  stack             = local.stack
  schedule          = var.reaper.schedule
  cluster_arn       = module.cluster.arn
  subnet_ids        = module.network.subnet_ids
  security_group_id = module.network.security_group_id
  dead_letter_arn   = module.ingest.undelivered.arn
  queue_key_arn     = local.keys.data
  alarm_topic_arn   = local.alarm_topic_arn

  task = {
    image           = local.image.drayage
    repository_arns = local.image.repositories
    architecture    = var.architecture
    environment     = local.reaper_environment
    policy          = module.access.reaper
    log_days        = var.log.days
    kms_key_arn     = local.keys.operations
  }
}

module "observability" {
  source = "./modules/observability"

  stack              = local.stack
  alarm_emails       = var.alarm_emails
  kms_key_arn        = local.keys.operations
  table              = module.ledger.table
  indexes            = module.ledger.indexes
  cluster            = var.name
  queues             = local.queues
  latency_alarms_s   = { for lane, each in var.lanes : lane => 2 * each.age_alarm_s }
  services           = local.image == null ? [] : [for service in concat(["dispatcher"], [for lane, _ in var.lanes : "worker-${lane}"]) : "${var.name}-${service}"]
  service_log_groups = local.image == null ? [] : [for service in concat(["dispatcher"], [for lane, _ in var.lanes : "worker-${lane}"], ["reaper"]) : "/${var.name}/${service}"]
  rules              = values(module.ingest.rules)
  collector          = var.collector != null
  log_days           = var.log.days
}
