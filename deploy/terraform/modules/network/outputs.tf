output "vpc_id" {
  description = "The VPC."
  value       = local.vpc_id
}

output "subnet_ids" {
  description = "The private subnets that tasks run in."
  value       = local.make ? [for subnet in aws_subnet.private : subnet.id] : var.existing.subnet_ids
}

output "security_group_id" {
  description = "The tasks' security group."
  value       = aws_security_group.tasks.id
}

output "ready" {
  description = "Known once tasks reach AWS: for what must not start before."
  value = concat(
    [for endpoint in aws_vpc_endpoint.gateway : endpoint.id],
    [for endpoint in aws_vpc_endpoint.interface : endpoint.id],
    [for rule in aws_vpc_security_group_egress_rule.endpoints : rule.id],
    [for rule in aws_vpc_security_group_egress_rule.gateways : rule.id],
    [for rule in aws_vpc_security_group_egress_rule.existing : rule.id],
    [for association in aws_route_table_association.private : association.id],
  )
}
