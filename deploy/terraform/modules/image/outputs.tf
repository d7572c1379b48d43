output "urls" {
  description = "Where to push each image."
  value = {
    for name, repository in aws_ecr_repository.this :
    name => "${var.stack.account_id}.dkr.ecr.${var.stack.region}.${var.stack.dns_suffix}/${repository.name}"
  }
}

output "arns" {
  description = "The repositories' ARNs."
  value = {
    for name in var.repositories :
    name => "arn:${var.stack.partition}:ecr:${var.stack.region}:${var.stack.account_id}:repository/${var.stack.name}/${name}"
  }
}
