resource "aws_security_group" "endpoints" {
  count = local.make ? 1 : 0

  name        = "${var.stack.name}-endpoints"
  description = "Interface endpoints: HTTPS from the tasks"
  vpc_id      = local.vpc_id
  tags        = { Name = "${var.stack.name}-endpoints" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = local.make ? 1 : 0

  description                  = "HTTPS from the tasks"
  security_group_id            = aws_security_group.endpoints[0].id
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

data "aws_iam_policy_document" "gateway" {
  statement {
    sid     = "BucketsOfThisStack"
    actions = ["s3:*"]
    resources = flatten([
      for bucket in var.buckets :
      ["arn:${var.stack.partition}:s3:::${bucket}", "arn:${var.stack.partition}:s3:::${bucket}/*"]
    ])
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }

  statement {
    sid       = "ImageLayers"
    actions   = ["s3:GetObject"]
    resources = ["arn:${var.stack.partition}:s3:::prod-${var.stack.region}-starport-layer-bucket/*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

locals {
  # DynamoDB's gateway lets everything through: the tasks' roles name the one table.
  gateway_policies = { s3 = data.aws_iam_policy_document.gateway.json, dynamodb = null }
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = { for service, policy in local.gateway_policies : service => policy if local.make }

  vpc_id            = local.vpc_id
  service_name      = "com.amazonaws.${var.stack.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private[0].id]
  policy            = each.value
  tags              = { Name = "${var.stack.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.make ? var.interface_services : []

  vpc_id              = local.vpc_id
  service_name        = "com.amazonaws.${var.stack.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints[0].id]
  tags                = { Name = "${var.stack.name}-${each.key}" }
}
