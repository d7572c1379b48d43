# What runs: a task definition, its two roles and its log group.

locals {
  name      = "${var.stack.name}-${var.service}"
  log_group = "/${var.stack.name}/${var.service}"
  logs = {
    for container in ["drayage", "collector"] : container => {
      logDriver = "awslogs"
      options = {
        awslogs-group         = local.log_group
        awslogs-region        = var.stack.region
        awslogs-stream-prefix = container
        # A log service that is out costs lines, never work.
        mode            = "non-blocking"
        max-buffer-size = "10m"
      }
    }
  }

  program = merge({
    name                   = "drayage"
    image                  = var.image
    command                = var.command
    essential              = true
    readonlyRootFilesystem = true
    privileged             = false
    stopTimeout            = var.stop_timeout_s
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    environment            = [for name, value in var.environment : { name = name, value = value } if value != null]
    logConfiguration       = local.logs["drayage"]
    },
    {
      for name, value in { healthCheck = { command = var.health_command, interval = 30, timeout = 5, retries = 3, startPeriod = 60 } } :
      name => value if var.health_command != null
    },
    # Started before the program and so stopped after it: the last spans are still taken.
    {
      for name, value in { dependsOn = [{ containerName = "collector", condition = "START" }] } :
      name => value if var.collector != null
    },
  )

  collector = [for collector in var.collector[*] : {
    name                   = "collector"
    image                  = collector.image
    essential              = false
    restartPolicy          = { enabled = true, restartAttemptPeriod = 60 }
    readonlyRootFilesystem = true
    privileged             = false
    stopTimeout            = var.stop_timeout_s
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    environment            = [{ name = "AOT_CONFIG_CONTENT", value = collector.config }]
    logConfiguration       = local.logs["collector"]
  }]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode(concat([local.program], local.collector))

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.architecture
  }

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.execution, aws_iam_role_policy.task]
}
