output "queue" {
  description = "The ingest queue: name, ARN, those of its dead-letter queue, and how old a message may be."
  value = {
    name        = module.queue.name
    arn         = module.queue.arn
    dlq_name    = module.queue.dlq_name
    dlq_arn     = module.queue.dlq_arn
    age_alarm_s = module.queue.age_alarm_s
  }
}

output "undelivered" {
  description = "The queue of what EventBridge could not deliver: name and ARN."
  value       = { name = aws_sqs_queue.undelivered.name, arn = local.dlq_arn }
}

output "rules" {
  description = "The EventBridge rule of each source bucket."
  value       = { for bucket, rule in aws_cloudwatch_event_rule.created : bucket => rule.name }
}

output "sftp_endpoint" {
  description = "The SFTP server's host name; null without one."
  value       = one(module.sftp[*].endpoint)
}

output "ready" {
  description = "Known once events reach the queue and the queue has its dead-letter queue: for what must not start before."
  value       = concat(module.queue.ready, [for target in aws_cloudwatch_event_target.ingest : target.arn])
}
