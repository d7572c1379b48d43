output "name" {
  description = "The cluster's name, once it can run tasks."
  value       = aws_ecs_cluster_capacity_providers.this.cluster_name
}

output "arn" {
  description = "The cluster's ARN."
  value       = "arn:${var.stack.partition}:ecs:${var.stack.region}:${var.stack.account_id}:cluster/${var.stack.name}"
}
