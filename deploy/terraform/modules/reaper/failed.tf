# Its alarm: a run that ended with anything but 0, or that never began.

resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${local.name}-failed"
  description = "drayage reap ended with a status other than 0, or its task could not be started"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail = {
      clusterArn = [var.cluster_arn]
      group      = ["family:${local.name}"]
      lastStatus = ["STOPPED"]
      "$or" = [
        { stopCode = ["TaskFailedToStart"] },
        { containers = { exitCode = [{ anything-but = [0] }] } },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule      = aws_cloudwatch_event_rule.failed.name
  target_id = "alarms"
  arn       = var.alarm_topic_arn

  input_transformer {
    input_paths = {
      task   = "$.detail.taskArn"
      reason = "$.detail.stoppedReason"
    }
    input_template = "\"drayage reap failed: <reason> (task <task>, log group ${module.task.log_group})\""
  }
}
