# How files get in: landing buckets, their events to the ingest queue, and SFTP before them.

locals {
  # A rule for each bucket: each has its own keys. The name is cut where EventBridge's 64 characters end, and stays unique by a hash.
  rule_names = { for bucket, _ in var.sources : bucket => "${var.stack.name}-${substr(sha1(bucket), 0, 8)}-created" }
  rule_arns = {
    for bucket, name in local.rule_names :
    bucket => "arn:${var.stack.partition}:events:${var.stack.region}:${var.stack.account_id}:rule/${name}"
  }
  dlq_name = "${var.stack.name}-undelivered-events"
  dlq_arn  = "arn:${var.stack.partition}:sqs:${var.stack.region}:${var.stack.account_id}:${local.dlq_name}"

  kinds = {
    for key in distinct(flatten([for source in var.sources : source.keys])) :
    key => can(regex("^[^*]+\\*$", key)) ? "prefix" : can(regex("^\\*[^*]+$", key)) ? "suffix" : "wildcard"
  }
  # The plainest condition that says it: EventBridge is slower with wildcards and limits them.
  keys = {
    for bucket, source in var.sources : bucket => [
      for key in source.keys :
      { (local.kinds[key]) = local.kinds[key] == "prefix" ? trimsuffix(key, "*") : local.kinds[key] == "suffix" ? trimprefix(key, "*") : key }
    ]
  }
}

module "bucket" {
  source   = "../storage"
  for_each = { for bucket, source in var.sources : bucket => source if source.create }

  stack         = var.stack
  bucket        = each.key
  kms_key_arn   = var.kms_key_arn
  events        = true
  expire_days   = each.value.expire_days
  force_destroy = var.force_destroy
}

module "queue" {
  source = "../lane"

  stack                = var.stack
  lane                 = "ingest"
  kms_key_arn          = var.kms_key_arn
  rule_arns            = values(local.rule_arns)
  visibility_timeout_s = var.queue.visibility_timeout_s
  retention_days       = var.queue.retention_days
  age_alarm_s          = var.queue.age_alarm_s
  depth_alarm          = var.queue.depth_alarm
  alarm_topic_arn      = var.alarm_topic_arn
}

module "sftp" {
  source = "../sftp"
  count  = var.sftp == null ? 0 : 1

  stack           = var.stack
  users           = var.sftp.users
  bucket_owners   = { for bucket, source in var.sources : bucket => source.account_id }
  vpc_id          = var.sftp.vpc_id
  subnet_ids      = var.sftp.subnet_ids
  allowed_cidrs   = var.sftp.allowed_cidrs
  object_key_arns = var.sftp.object_key_arns
  kms_key_arn     = var.sftp.kms_key_arn
  log_days        = var.sftp.log_days
  alarm_topic_arn = var.alarm_topic_arn
}
