# A service whose number of tasks follows a queue.

locals {
  name = "${var.stack.name}-${var.service}"
}

module "task" {
  source = "../task"

  stack           = var.stack
  service         = var.service
  command         = var.task.command
  image           = var.task.image
  repository_arns = var.task.repository_arns
  cpu             = var.task.cpu
  memory          = var.task.memory
  architecture    = var.task.architecture
  environment     = var.task.environment
  policy          = var.task.policy
  health_command  = var.task.health_command
  collector       = var.task.collector
  log_days        = var.task.log_days
  kms_key_arn     = var.task.kms_key_arn
}

resource "terraform_data" "ready" {
  input = var.wait_for
}

resource "aws_ecs_service" "this" {
  name            = local.name
  cluster         = var.cluster
  task_definition = module.task.definition_arn
  desired_count   = var.tasks_min

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  # Settings that the program refuses end its tasks with 64; the former task definition comes back.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  dynamic "capacity_provider_strategy" {
    for_each = { for provider, weight in { FARGATE = 100 - var.spot_percent, FARGATE_SPOT = var.spot_percent } : provider => weight if weight > 0 }
    content {
      capacity_provider = capacity_provider_strategy.key
      weight            = capacity_provider_strategy.value
    }
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  lifecycle {
    # Scaling owns it.
    ignore_changes = [desired_count]
  }

  depends_on = [terraform_data.ready]
}
