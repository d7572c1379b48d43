output "name" {
  description = "The task definition's family, and the task role's name."
  value       = local.name
}

output "definition_arn" {
  description = "The task definition's ARN, with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "role_arns" {
  description = "The ARNs of the roles that whoever starts the task must be able to pass."
  value       = ["${local.account}:role/${local.name}", "${local.account}:role/${local.name}-execution"]
}

output "log_group" {
  description = "The log group's name."
  value       = aws_cloudwatch_log_group.this.name
}
