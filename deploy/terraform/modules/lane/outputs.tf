output "name" {
  description = "The queue's name."
  value       = aws_sqs_queue.this.name
}

output "arn" {
  description = "The queue's ARN."
  value       = "${local.arn_prefix}:${local.name}"
}

output "dlq_name" {
  description = "The dead-letter queue's name."
  value       = aws_sqs_queue.dead_letters.name
}

output "dlq_arn" {
  description = "The dead-letter queue's ARN."
  value       = "${local.arn_prefix}:${local.dlq_name}"
}

output "age_alarm_s" {
  description = "How old a message may be before somebody hears of it."
  value       = var.age_alarm_s
}

output "ready" {
  description = "Known once the queue has its dead-letter queue: for what must not start before."
  value       = [aws_sqs_queue_redrive_policy.this.id]
}
