output "name" {
  description = "The service's name."
  value       = aws_ecs_service.this.name
}

output "log_group" {
  description = "The log group's name."
  value       = module.task.log_group
}
