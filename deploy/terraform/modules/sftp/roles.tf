data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["transfer.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.stack.account_id]
    }
  }
}

data "aws_iam_policy_document" "user" {
  for_each = var.users

  statement {
    sid       = "SeeTheFolder"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${var.stack.partition}:s3:::${each.value.bucket}"]
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = [local.owners[each.value.bucket]]
    }
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [each.value.folder, "${each.value.folder}/*"]
    }
  }
  statement {
    sid       = "PutFiles"
    actions   = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["arn:${var.stack.partition}:s3:::${each.value.bucket}/${each.value.folder}/*"]
    condition {
      test     = "StringEquals"
      variable = "s3:ResourceAccount"
      values   = [local.owners[each.value.bucket]]
    }
  }
  dynamic "statement" {
    for_each = each.value.read ? [true] : []
    content {
      sid       = "ReadFiles"
      actions   = ["s3:GetObject", "s3:GetObjectVersion"]
      resources = ["arn:${var.stack.partition}:s3:::${each.value.bucket}/${each.value.folder}/*"]
      condition {
        test     = "StringEquals"
        variable = "s3:ResourceAccount"
        values   = [local.owners[each.value.bucket]]
      }
    }
  }
  statement {
    sid       = "ObjectKeys"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = var.object_key_arns
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.stack.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "user" {
  for_each = var.users

  name               = "${local.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "user" {
  for_each = var.users

  name   = "folder"
  role   = aws_iam_role.user[each.key].name
  policy = data.aws_iam_policy_document.user[each.key].json
}

data "aws_iam_policy_document" "logs" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["arn:${var.stack.partition}:logs:${var.stack.region}:${var.stack.account_id}:log-group:${local.log_group}:*"]
  }
}

resource "aws_iam_role" "logs" {
  name               = "${local.name}-logs"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "logs" {
  name   = "write"
  role   = aws_iam_role.logs.name
  policy = data.aws_iam_policy_document.logs.json
}
