resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name = "${local.name}-age"
  # The metric leaves messages out that were received three times and more: poison shows in the dead-letter queue only.
  alarm_description   = "The oldest message of ${local.name} is older than ${var.age_alarm_s} s."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = local.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.age_alarm_s
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "depth" {
  alarm_name          = "${local.name}-depth"
  alarm_description   = "More than ${var.depth_alarm} messages have waited in ${local.name} for fifteen minutes."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = local.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.depth_alarm
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

# At its limit a queue gives out nothing more, which looks like idling.
resource "aws_cloudwatch_metric_alarm" "in_flight" {
  alarm_name          = "${local.name}-in-flight"
  alarm_description   = "More than ${var.in_flight_alarm} messages of ${local.name} are in work; SQS gives out no more than 120,000 at a time."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesNotVisible"
  dimensions          = { QueueName = local.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.in_flight_alarm
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name = "${local.dlq_name}-not-empty"
  # Not NumberOfMessagesSent: what SQS itself moves is not counted there.
  alarm_description   = "Messages are in ${local.dlq_name}: their attribute drayage-reason says why."
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
  ok_actions          = [var.alarm_topic_arn]
}
