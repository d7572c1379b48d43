output "arns" {
  description = "The keys' ARNs: `data` (buckets, queues, table, images) and `operations` (logs, alarm topic)."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}
