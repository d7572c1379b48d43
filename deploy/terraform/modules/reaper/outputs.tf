output "name" {
  description = "The schedule's name, and the task definition's family."
  value       = aws_scheduler_schedule.this.name
}

output "log_group" {
  description = "The log group's name."
  value       = module.task.log_group
}
