# Where alarms go, and the ledger's alarms. Every other alarm stands beside what it watches.

locals {
  topic     = "${var.stack.name}-alarms"
  topic_arn = "arn:${var.stack.partition}:sns:${var.stack.region}:${var.stack.account_id}:${local.topic}"

  # What throttles an index is counted there and not at the table, and holds the table's writes up.
  throttles = merge(
    { for metric in ["ReadThrottleEvents", "WriteThrottleEvents"] : metric => { metric = metric, dimensions = {} } },
    { for index in var.indexes : "${index}-WriteThrottleEvents" => { metric = "WriteThrottleEvents", dimensions = { GlobalSecondaryIndexName = index } } },
  )
}

resource "aws_sns_topic" "alarms" {
  name              = local.topic
  kms_master_key_id = var.kms_key_arn
}

data "aws_iam_policy_document" "topic" {
  statement {
    sid       = "AlarmsAndRules"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values = [
        "arn:${var.stack.partition}:cloudwatch:${var.stack.region}:${var.stack.account_id}:alarm:*",
        "arn:${var.stack.partition}:events:${var.stack.region}:${var.stack.account_id}:rule/${var.stack.name}-*",
      ]
    }
  }
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [local.topic_arn]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.topic.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each = local.throttles

  alarm_name          = "${var.stack.name}-ledger-${each.key}"
  alarm_description   = "DynamoDB throttles the ledger. Nothing is lost: work waits."
  namespace           = "AWS/DynamoDB"
  metric_name         = each.value.metric
  dimensions          = merge({ TableName = var.table }, each.value.dimensions)
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "conflicts" {
  alarm_name          = "${var.stack.name}-ledger-conflicts"
  alarm_description   = "More than ${var.conflicts_alarm} conditional writes to the ledger were refused in five minutes."
  namespace           = "AWS/DynamoDB"
  metric_name         = "ConditionalCheckFailedRequests"
  dimensions          = { TableName = var.table }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.conflicts_alarm
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
}
