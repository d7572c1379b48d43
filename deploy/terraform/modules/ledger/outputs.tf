output "table" {
  description = "The table's name."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "The table's ARN."
  value       = "arn:${var.stack.partition}:dynamodb:${var.stack.region}:${var.stack.account_id}:table/${var.table}"
}

output "stream_arn" {
  description = "The ARN of the table's stream of changes."
  value       = aws_dynamodb_table.this.stream_arn
}

output "indexes" {
  description = "The names of the table's indexes."
  value       = keys(local.indexes)
}
