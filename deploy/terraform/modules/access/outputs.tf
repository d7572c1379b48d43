output "dispatcher" {
  description = "The dispatcher's policy."
  value       = data.aws_iam_policy_document.dispatcher.json
}

output "worker" {
  description = "The policy of each lane's worker."
  value       = { for lane, document in data.aws_iam_policy_document.worker : lane => document.json }
}

output "reaper" {
  description = "The reaper's policy."
  value       = data.aws_iam_policy_document.reaper.json
}
