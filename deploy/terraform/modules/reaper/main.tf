# `drayage reap` once a day: it aborts multipart uploads that no transfer has noted. Two runs at once do no harm.

locals {
  name = "${var.stack.name}-reaper"
}

module "task" {
  source = "../task"

  stack           = var.stack
  service         = "reaper"
  command         = ["reap"]
  image           = var.task.image
  repository_arns = var.task.repository_arns
  cpu             = 256
  memory          = 512
  architecture    = var.task.architecture
  environment     = var.task.environment
  policy          = var.task.policy
  log_days        = var.task.log_days
  kms_key_arn     = var.task.kms_key_arn
}

resource "aws_scheduler_schedule" "this" {
  name                         = local.name
  schedule_expression          = var.schedule
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 60
  }

  target {
    arn      = var.cluster_arn
    role_arn = aws_iam_role.scheduler.arn

    ecs_parameters {
      task_definition_arn = module.task.definition_arn
      launch_type         = "FARGATE"
      task_count          = 1
      network_configuration {
        subnets          = var.subnet_ids
        security_groups  = [var.security_group_id]
        assign_public_ip = false
      }
    }

    dead_letter_config {
      arn = var.dead_letter_arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

data "aws_iam_policy_document" "scheduler_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.stack.account_id]
    }
  }
}

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid     = "Start"
    actions = ["ecs:RunTask"]
    # Every revision of this one family.
    resources = ["arn:${var.stack.partition}:ecs:${var.stack.region}:${var.stack.account_id}:task-definition/${module.task.name}:*"]
    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster_arn]
    }
  }
  statement {
    sid       = "GiveItsRoles"
    actions   = ["iam:PassRole"]
    resources = module.task.role_arns
    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
  statement {
    sid       = "ReportWhatItCouldNotStart"
    actions   = ["sqs:SendMessage"]
    resources = [var.dead_letter_arn]
  }
  statement {
    sid       = "EncryptTheReport"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.queue_key_arn]
    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.stack.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${local.name}-scheduler"
  assume_role_policy = data.aws_iam_policy_document.scheduler_trust.json
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start"
  role   = aws_iam_role.scheduler.name
  policy = data.aws_iam_policy_document.scheduler.json
}
