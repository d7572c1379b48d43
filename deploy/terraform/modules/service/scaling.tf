# Scaling by what is left to do for each task that runs. Depth alone would not do: a target for it cannot know how many share it.
# What is in work counts too: a lane of few large files has nothing waiting while every task is busy.
#
# Scale-in never breaks a transfer off: a worker that holds a message has its task protected, and what is stopped all the same
# (a deployment, Spot) gives its messages back.

locals {
  backlog = {
    waiting = "ApproximateNumberOfMessagesVisible"
    in_work = "ApproximateNumberOfMessagesNotVisible"
  }
}

resource "aws_appautoscaling_target" "this" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster}/${aws_ecs_service.this.name}"
  min_capacity       = var.tasks_min
  max_capacity       = var.tasks_max
}

resource "aws_appautoscaling_policy" "backlog_per_task" {
  name               = "backlog-per-task"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.backlog_per_task
    scale_in_cooldown  = var.scale_in_cooldown_s
    scale_out_cooldown = 60

    customized_metric_specification {
      dynamic "metrics" {
        for_each = local.backlog
        content {
          id          = metrics.key
          return_data = false
          metric_stat {
            stat = "Average"
            metric {
              namespace   = "AWS/SQS"
              metric_name = metrics.value
              dimensions {
                name  = "QueueName"
                value = var.queue
              }
            }
          }
        }
      }

      # There is no such metric while no task runs, and then no quotient either: `leave_zero` is for that.
      metrics {
        id          = "running"
        return_data = false
        metric_stat {
          stat = "Average"
          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"
            dimensions {
              name  = "ClusterName"
              value = var.cluster
            }
            dimensions {
              name  = "ServiceName"
              value = local.name
            }
          }
        }
      }

      metrics {
        id          = "backlog_per_task"
        label       = "Backlog per running task"
        expression  = "(waiting + in_work) / running"
        return_data = true
      }
    }
  }
}

# From nothing to one task; target tracking goes on from there.
resource "aws_appautoscaling_policy" "leave_zero" {
  count = var.tasks_min == 0 ? 1 : 0

  name               = "leave-zero"
  policy_type        = "StepScaling"
  service_namespace  = aws_appautoscaling_target.this.service_namespace
  scalable_dimension = aws_appautoscaling_target.this.scalable_dimension
  resource_id        = aws_appautoscaling_target.this.resource_id

  step_scaling_policy_configuration {
    # Not ExactCapacity: a late alarm would take a running fleet down to it.
    adjustment_type         = "ChangeInCapacity"
    metric_aggregation_type = "Maximum"
    cooldown                = 120

    step_adjustment {
      metric_interval_lower_bound = 0
      scaling_adjustment          = 1
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "leave_zero" {
  count = var.tasks_min == 0 ? 1 : 0

  alarm_name          = "${local.name}-leave-zero"
  alarm_description   = "Messages wait in ${var.queue} and no task runs. It starts one; nobody has to do anything."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_appautoscaling_policy.leave_zero[0].arn]

  metric_query {
    id = "waiting"
    metric {
      namespace   = "AWS/SQS"
      metric_name = local.backlog.waiting
      dimensions  = { QueueName = var.queue }
      stat        = "Maximum"
      period      = 60
    }
  }

  metric_query {
    id = "running"
    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "RunningTaskCount"
      dimensions  = { ClusterName = var.cluster, ServiceName = local.name }
      stat        = "Maximum"
      period      = 60
    }
  }

  metric_query {
    id          = "waiting_for_nobody"
    label       = "Messages that nobody pulls"
    expression  = "IF(FILL(running, 0) < 1, waiting, 0)"
    return_data = true
  }
}
