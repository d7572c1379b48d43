# A queue, its dead-letter queue, who may send, and the alarms of both.

locals {
  suffix     = var.fifo ? ".fifo" : ""
  name       = "${var.stack.name}-${var.lane}${local.suffix}"
  dlq_name   = "${var.stack.name}-${var.lane}-dlq${local.suffix}"
  arn_prefix = "arn:${var.stack.partition}:sqs:${var.stack.region}:${var.stack.account_id}"
}

resource "aws_sqs_queue" "this" {
  name                       = local.name
  visibility_timeout_seconds = var.visibility_timeout_s
  message_retention_seconds  = var.retention_days * 86400
  receive_wait_time_seconds  = 20
  kms_master_key_id          = var.kms_key_arn
  # One request to KMS an hour instead of one every five minutes, for each producer and consumer.
  kms_data_key_reuse_period_seconds = 3600

  fifo_queue = var.fifo ? true : null
  # The dispatcher and the worker send ids of their own. The body's hash stands in for one where somebody sends by hand without.
  content_based_deduplication = var.fifo ? true : null
  deduplication_scope         = var.fifo ? "messageGroup" : null
  fifo_throughput_limit       = var.fifo ? "perMessageGroupId" : null
}

resource "aws_sqs_queue" "dead_letters" {
  name                              = local.dlq_name
  message_retention_seconds         = 14 * 86400
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = 3600
  fifo_queue                        = var.fifo ? true : null
  content_based_deduplication       = var.fifo ? true : null
  deduplication_scope               = var.fifo ? "messageGroup" : null
  fifo_throughput_limit             = var.fifo ? "perMessageGroupId" : null
}

resource "aws_sqs_queue_redrive_policy" "this" {
  queue_url = aws_sqs_queue.this.id
  redrive_policy = jsonencode({
    deadLetterTargetArn = "${local.arn_prefix}:${local.dlq_name}"
    maxReceiveCount     = var.receives_max
  })

  depends_on = [aws_sqs_queue.dead_letters]
}

resource "aws_sqs_queue_redrive_allow_policy" "this" {
  queue_url = aws_sqs_queue.dead_letters.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = ["${local.arn_prefix}:${local.name}"]
  })

  depends_on = [aws_sqs_queue.this]
}

data "aws_iam_policy_document" "this" {
  for_each = { queue = local.name, dead_letters = local.dlq_name }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:*"]
    resources = ["${local.arn_prefix}:${each.value}"]
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

  dynamic "statement" {
    for_each = each.key == "queue" && length(var.rule_arns) > 0 ? [var.rule_arns] : []
    content {
      sid       = "EventsOfTheseRules"
      actions   = ["sqs:SendMessage"]
      resources = ["${local.arn_prefix}:${each.value}"]
      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }
      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = statement.value
      }
    }
  }
}

resource "aws_sqs_queue_policy" "this" {
  queue_url = aws_sqs_queue.this.id
  policy    = data.aws_iam_policy_document.this["queue"].json
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy    = data.aws_iam_policy_document.this["dead_letters"].json
}
