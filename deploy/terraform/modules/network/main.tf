# Private subnets without a way out: every AWS service is reached through an endpoint, so nothing can leave by another way.

locals {
  make   = var.existing == null
  zones  = length(var.availability_zones) > 0 ? var.availability_zones : try(slice(data.aws_availability_zones.this[0].names, 0, 2), [])
  vpc_id = local.make ? aws_vpc.this[0].id : var.existing.vpc_id
}

data "aws_availability_zones" "this" {
  count = local.make && length(var.availability_zones) == 0 ? 1 : 0
  state = "available"
}

resource "aws_vpc" "this" {
  count = local.make ? 1 : 0

  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.stack.name }
}

# Takes the rules of the group that every VPC comes with.
resource "aws_default_security_group" "this" {
  count  = local.make ? 1 : 0
  vpc_id = local.vpc_id
}

resource "aws_subnet" "private" {
  for_each = local.make ? { for index, zone in local.zones : zone => index } : {}

  vpc_id            = local.vpc_id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.cidr, 4, each.value)
  tags              = { Name = "${var.stack.name}-private-${each.key}" }
}

resource "aws_route_table" "private" {
  count = local.make ? 1 : 0

  vpc_id = local.vpc_id
  tags   = { Name = "${var.stack.name}-private" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[0].id
}

resource "aws_security_group" "tasks" {
  name        = "${var.stack.name}-tasks"
  description = "Tasks: nothing comes in, HTTPS goes out"
  vpc_id      = local.vpc_id
  tags        = { Name = "${var.stack.name}-tasks" }
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  count = local.make ? 1 : 0

  description                  = "AWS services by interface endpoint"
  security_group_id            = aws_security_group.tasks.id
  referenced_security_group_id = aws_security_group.endpoints[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "gateways" {
  for_each = aws_vpc_endpoint.gateway

  description       = "${each.key} by gateway"
  security_group_id = aws_security_group.tasks.id
  prefix_list_id    = each.value.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# How an existing VPC reaches AWS is not known here.
resource "aws_vpc_security_group_egress_rule" "existing" {
  count = local.make ? 0 : 1

  description       = "AWS services, by whatever way the VPC has"
  security_group_id = aws_security_group.tasks.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
