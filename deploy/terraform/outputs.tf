output "repositories" {
  description = "Where to push the images."
  value       = module.image.urls
}

output "queues" {
  description = "Each queue and its dead-letter queue, by name; `ingest` is what EventBridge feeds."
  value       = { for name, queue in local.queues : name => { name = queue.name, dlq_name = queue.dlq_name } }
}

output "undelivered_queue" {
  description = "The queue of events that EventBridge could not deliver."
  value       = module.ingest.undelivered.name
}

output "table" {
  description = "The ledger's table."
  value       = module.ledger.table
}

output "ledger_stream_arn" {
  description = "The ledger's stream of changes."
  value       = module.ledger.stream_arn
}

output "cluster" {
  description = "The ECS cluster."
  value       = module.cluster.name
}

output "services" {
  description = "The ECS services; none before there is an image."
  value       = { for name, service in module.service : name => service.name }
}

output "log_groups" {
  description = "Each service's log group."
  value       = merge({ for name, service in module.service : name => service.log_group }, { for reaper in module.reaper : "reaper" => reaper.log_group })
}

output "sftp_endpoint" {
  description = "The SFTP server's host name; null without one."
  value       = module.ingest.sftp_endpoint
}

output "alarm_topic_arn" {
  description = "The topic that alarms go to."
  value       = module.observability.topic_arn
}

output "dashboard" {
  description = "The CloudWatch dashboard's name."
  value       = module.observability.dashboard
}

output "kms_key_arns" {
  description = "The keys: `data` and `operations`."
  value       = local.keys
}
