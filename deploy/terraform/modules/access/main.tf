# What each service may do, and nothing else: one document for each role. No role may delete an object.

locals {
  via_queues_and_ledger = [for service in ["sqs", "dynamodb"] : "${service}.${var.stack.region}.amazonaws.com"]

  receive  = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
  dispatch = ["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"]
  park     = ["sqs:SendMessage", "sqs:GetQueueUrl"]

  source_arns   = [for bucket, _ in var.sources : "arn:${var.stack.partition}:s3:::${bucket}"]
  target_arns   = [for bucket, _ in var.targets : "arn:${var.stack.partition}:s3:::${bucket}"]
  source_owners = distinct([for source in var.sources : source.account_id])
  target_owners = distinct([for target in var.targets : target.account_id])
}

# Every service: the key of queues and ledger, only through these two services.
data "aws_iam_policy_document" "queue_key" {
  statement {
    sid       = "QueueAndLedgerKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [var.queue_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = local.via_queues_and_ledger
    }
  }
}

# The collector runs in the program's task and has its role.
data "aws_iam_policy_document" "telemetry" {
  dynamic "statement" {
    for_each = var.collector_log_group[*]
    content {
      sid     = "Traces"
      actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
      # These actions know no resources.
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.collector_log_group[*]
    content {
      sid       = "Metrics"
      actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      resources = ["arn:${var.stack.partition}:logs:${var.stack.region}:${var.stack.account_id}:log-group:${statement.value}:*"]
    }
  }
}

data "aws_iam_policy_document" "dispatcher" {
  source_policy_documents = [data.aws_iam_policy_document.queue_key.json, data.aws_iam_policy_document.telemetry.json]

  statement {
    sid       = "ReceiveEvents"
    actions   = local.receive
    resources = [var.ingest.arn]
  }
  statement {
    sid       = "SendTransfers"
    actions   = local.dispatch
    resources = [for lane in var.lanes : lane.arn]
  }
  # It asks for each queue's dead-letter queue at start; only into its own does it park.
  statement {
    sid       = "FindDeadLetters"
    actions   = ["sqs:GetQueueUrl"]
    resources = [for lane in var.lanes : lane.dlq_arn]
  }
  statement {
    sid       = "ParkEvents"
    actions   = local.park
    resources = [var.ingest.dlq_arn]
  }
  statement {
    sid       = "WriteQueued"
    actions   = ["dynamodb:DescribeTable", "dynamodb:PutItem"]
    resources = [var.table_arn]
  }
}

data "aws_iam_policy_document" "worker" {
  for_each = var.lanes

  source_policy_documents = [
    data.aws_iam_policy_document.queue_key.json,
    data.aws_iam_policy_document.telemetry.json,
    data.aws_iam_policy_document.objects.json,
  ]

  statement {
    sid       = "ReceiveTransfers"
    actions   = local.receive
    resources = [each.value.arn]
  }
  statement {
    sid       = "ParkTransfers"
    actions   = local.park
    resources = [each.value.dlq_arn]
  }
  statement {
    sid       = "WriteStates"
    actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    resources = [var.table_arn]
  }
  statement {
    sid     = "ProtectItselfFromScaleIn"
    actions = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
    # A task's id is not known before it runs.
    resources = ["${replace(var.cluster_arn, ":cluster/", ":task/")}/*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }
}

# A bucket of the right name in the wrong account is refused: whoever takes over a name that was given up gets nothing.
data "aws_iam_policy_document" "objects" {
  statement {
    sid = "ReadSources"
    actions = [
      "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetObjectVersionTagging",
      # A strict route fails what is locked, and S3 shows locks only to whoever may read them.
      "s3:GetObjectLegalHold", "s3:GetObjectRetention",
    ]
    resources = [for arn in local.source_arns : "${arn}/*"]
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = local.source_owners
    }
  }
  statement {
    sid       = "WriteTargets"
    actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging"]
    resources = [for arn in local.target_arns : "${arn}/*"]
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = local.target_owners
    }
  }
  # Without it a missing key answers 403 and would count as a permission that is lacking.
  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = distinct(concat(local.source_arns, local.target_arns))
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = distinct(concat(local.source_owners, local.target_owners))
    }
  }
  statement {
    sid       = "ObjectKeys"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = distinct(var.object_key_arns)
    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["s3.*.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "reaper" {
  source_policy_documents = [data.aws_iam_policy_document.queue_key.json]

  statement {
    sid       = "WhatTransfersHaveNoted"
    actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem"]
    resources = [var.table_arn]
  }
  statement {
    sid       = "WhoHasNotedAnUpload"
    actions   = ["dynamodb:Query"]
    resources = ["${var.table_arn}/index/by_upload"]
  }
  statement {
    sid       = "ListUploads"
    actions   = ["s3:ListBucketMultipartUploads"]
    resources = local.target_arns
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = local.target_owners
    }
  }
  statement {
    sid       = "AbortUploads"
    actions   = ["s3:AbortMultipartUpload"]
    resources = [for arn in local.target_arns : "${arn}/*"]
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = local.target_owners
    }
  }
}
