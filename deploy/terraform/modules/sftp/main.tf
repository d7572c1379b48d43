# SFTP into the landing buckets. A user sees one folder as `/` and nothing beside it, by mapping and by role.

locals {
  name      = "${var.stack.name}-sftp"
  log_group = "/aws/transfer/${var.stack.name}"
  owners    = { for bucket in distinct([for user in var.users : user.bucket]) : bucket => lookup(var.bucket_owners, bucket, var.stack.account_id) }
  keys = merge([
    for name, user in var.users : { for index, key in user.public_keys : "${name}-${index}" => { user = name, body = key } }
  ]...)
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_security_group" "this" {
  name        = local.name
  description = "SFTP from the customers' addresses"
  vpc_id      = var.vpc_id
  tags        = { Name = local.name }
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = toset(var.allowed_cidrs)

  description       = "SFTP from ${each.value}"
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

resource "aws_transfer_server" "this" {
  domain                      = "S3"
  protocols                   = ["SFTP"]
  identity_provider_type      = "SERVICE_MANAGED"
  endpoint_type               = "VPC"
  security_policy_name        = "TransferSecurityPolicy-2025-03"
  structured_log_destinations = ["${aws_cloudwatch_log_group.this.arn}:*"]
  logging_role                = aws_iam_role.logs.arn
  tags                        = { Name = local.name }

  endpoint_details {
    vpc_id             = var.vpc_id
    subnet_ids         = var.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }
}

resource "aws_transfer_user" "this" {
  for_each = var.users

  server_id           = aws_transfer_server.this.id
  user_name           = each.key
  role                = aws_iam_role.user[each.key].arn
  home_directory_type = "LOGICAL"

  home_directory_mappings {
    entry  = "/"
    target = "/${each.value.bucket}/${each.value.folder}"
  }
}

resource "aws_transfer_ssh_key" "this" {
  for_each = local.keys

  server_id = aws_transfer_server.this.id
  user_name = aws_transfer_user.this[each.value.user].user_name
  body      = each.value.body
}

# There is no metric of session errors: it is made of the log.
resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "${local.name}-errors"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.activity-type = \"ERROR\" || $.activity-type = \"AUTH_FAILURE\" }"

  metric_transformation {
    namespace     = "Drayage/${var.stack.name}"
    name          = "SftpSessionErrors"
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-errors"
  alarm_description   = "More than ${var.errors_alarm} failed logins or session errors in a minute."
  namespace           = "Drayage/${var.stack.name}"
  metric_name         = aws_cloudwatch_log_metric_filter.errors.metric_transformation[0].name
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.errors_alarm
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}
