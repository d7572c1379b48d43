output "topic_arn" {
  description = "The topic that alarms go to."
  value       = local.topic_arn
}

output "dashboard" {
  description = "The dashboard's name."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "collector_config" {
  description = "The OpenTelemetry collector's configuration."
  value       = local.collector_config
}

output "collector_log_group" {
  description = "The log group that the collector writes metrics to; null without a collector."
  value       = var.collector ? local.metrics_log_group : null
}
