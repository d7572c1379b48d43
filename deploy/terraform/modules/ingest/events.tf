# An event goes to the ingest queue; EventBridge tries for a day, then puts it into a queue of its own.

resource "aws_cloudwatch_event_rule" "created" {
  for_each = var.sources

  name        = local.rule_names[each.key]
  description = "Objects created in ${each.key}"
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    account     = [each.value.account_id]
    detail = merge(
      { bucket = { name = [each.key] } },
      { for name, condition in { object = { key = local.keys[each.key] } } : name => condition if length(each.value.keys) > 0 },
    )
  })
}

resource "aws_cloudwatch_event_target" "ingest" {
  for_each = aws_cloudwatch_event_rule.created

  rule      = each.value.name
  target_id = "ingest"
  arn       = module.queue.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

resource "aws_sqs_queue" "undelivered" {
  name                              = local.dlq_name
  message_retention_seconds         = 14 * 86400
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600
}

data "aws_iam_policy_document" "undelivered" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = [local.dlq_arn]
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
  statement {
    sid       = "EventsOfTheseRules"
    actions   = ["sqs:SendMessage"]
    resources = [local.dlq_arn]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = values(local.rule_arns)
    }
  }
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id
  policy    = data.aws_iam_policy_document.undelivered.json
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each = local.rule_names

  alarm_name          = "${each.value}-failed"
  alarm_description   = "EventBridge could not deliver events of ${each.key} to the ingest queue."
  namespace           = "AWS/Events"
  metric_name         = "FailedInvocations"
  dimensions          = { RuleName = each.value }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "undelivered" {
  alarm_name          = "${local.dlq_name}-not-empty"
  alarm_description   = "Events or scheduled starts that EventBridge could not deliver are in ${local.dlq_name}: send them on to the ingest queue."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.dlq_name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}
