output "server_id" {
  description = "The server's id."
  value       = aws_transfer_server.this.id
}

output "endpoint" {
  description = "The server's host name. It resolves to private addresses: the customers' network reaches them, or an address of yours in front of them."
  value       = aws_transfer_server.this.endpoint
}
