# Two keys, because two sorts of principals use them: `data` is used by the tasks, `operations` by AWS's own services (logs, alarms).

locals {
  events_rules = "arn:${var.stack.partition}:events:${var.stack.region}:${var.stack.account_id}:rule/${var.stack.name}-*"
  policies = {
    data       = data.aws_iam_policy_document.data.json
    operations = data.aws_iam_policy_document.operations.json
  }
}

resource "aws_kms_key" "this" {
  for_each = local.policies

  description             = "${var.stack.name}: ${each.key}"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_window_days
  policy                  = each.value
}

resource "aws_kms_alias" "this" {
  for_each = aws_kms_key.this

  name          = "alias/${var.stack.name}-${each.key}"
  target_key_id = each.value.key_id
}

# In a key's policy, Resource "*" means this key and nothing else.
data "aws_iam_policy_document" "account" {
  # Leaves who may use the key to IAM: each task's role names it. Without this statement nobody could change the key any more.
  statement {
    sid       = "AccountByIam"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:${var.stack.partition}:iam::${var.stack.account_id}:root"]
    }
  }
}

data "aws_iam_policy_document" "data" {
  source_policy_documents = [data.aws_iam_policy_document.account.json]

  # EventBridge writes events into encrypted queues.
  statement {
    sid       = "EventsToQueues"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [local.events_rules]
    }
  }
}

data "aws_iam_policy_document" "operations" {
  source_policy_documents = [data.aws_iam_policy_document.account.json]

  statement {
    sid       = "LogGroups"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${var.stack.region}.amazonaws.com"]
    }
    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${var.stack.partition}:logs:${var.stack.region}:${var.stack.account_id}:log-group:*"]
    }
  }

  # Alarms and rules publish to an encrypted topic.
  statement {
    sid       = "AlarmsToTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.stack.account_id]
    }
  }
}
