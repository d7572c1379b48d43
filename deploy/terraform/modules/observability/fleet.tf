# What only the program knows: alarms on its own metrics, as the collector brings them. Without a collector there are none.

locals {
  # A metric here is paid for by the combination of its dimensions, so only what is watched or looked at becomes one. All of them stand in
  # the log group, with every label, for Logs Insights.
  declared = [
    {
      dimensions = ["queue"]
      names      = ["drayage.queue.oldest_message.age", "drayage.queue.wait", "drayage.leases.lost", "drayage.messages.parked"]
    },
    {
      dimensions = ["lane"]
      names      = ["drayage.file.latency", "drayage.delivered", "drayage.copy.duration"]
    },
    {
      dimensions = ["lane", "state"]
      names      = ["drayage.files"]
    },
    {
      dimensions = ["state"]
      names      = ["drayage.files"]
    },
    {
      dimensions = ["invariant"]
      names      = ["drayage.guards"]
    },
    {
      dimensions = ["outcome"]
      names      = ["drayage.task_protection"]
    },
    {
      dimensions = ["service"]
      names      = ["drayage.request.cost"]
    },
  ]
  metric_declarations = [for each in local.declared : {
    dimensions            = [each.dimensions]
    metric_name_selectors = [for name in each.names : "^${replace(name, ".", "\\.")}$"]
  }]
}

# CloudWatch's own metric leaves out what was received three times and more; this one has it, and what waits unseen is the other's.
resource "aws_cloudwatch_metric_alarm" "true_age" {
  for_each = var.collector ? var.queues : {}

  alarm_name          = "${each.value.name}-true-age"
  alarm_description   = "A message of ${each.value.name} that was received, and not ended, is older than ${each.value.age_alarm_s} s: poison, or work that is stuck."
  namespace           = local.namespace
  metric_name         = "drayage.queue.oldest_message.age"
  dimensions          = { queue = each.value.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.age_alarm_s
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  count = var.collector ? 1 : 0

  alarm_name          = "${var.stack.name}-files-failed"
  alarm_description   = "Files have failed: the ledger's error_message says why, and their messages are in the dead-letter queues."
  namespace           = local.namespace
  metric_name         = "drayage.files"
  dimensions          = { state = "failed" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
}

# The mean: the collector sends a histogram as its sum, count, least and greatest, and one slow file is no alarm.
resource "aws_cloudwatch_metric_alarm" "latency" {
  for_each = var.collector ? var.latency_alarms_s : {}

  alarm_name          = "${var.stack.name}-${each.key}-latency"
  alarm_description   = "From event to delivery, files of lane ${each.key} have taken more than ${each.value} s on average for fifteen minutes."
  namespace           = local.namespace
  metric_name         = "drayage.file.latency"
  dimensions          = { lane = each.key }
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arn]
  ok_actions          = [local.topic_arn]
}
