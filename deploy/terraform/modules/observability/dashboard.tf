# What one looks at first: is work getting done, is anything waiting, has anything failed, and where is it tight.

locals {
  queue_charts = [for chart in [
    { title = "Ended in each queue", stat = "Sum", metric = "NumberOfMessagesDeleted" },
    { title = "Waiting", stat = "Maximum", metric = "ApproximateNumberOfMessagesVisible" },
    { title = "In work", stat = "Maximum", metric = "ApproximateNumberOfMessagesNotVisible" },
    { title = "Oldest message (s), without those received three times", stat = "Maximum", metric = "ApproximateAgeOfOldestMessage" },
    ] : {
    title   = chart.title
    stat    = chart.stat
    metrics = [for queue in var.queues : ["AWS/SQS", chart.metric, "QueueName", queue.name]]
  }]
  service_charts = [for chart in [
    { title = "Running tasks", namespace = "ECS/ContainerInsights", metric = "RunningTaskCount" },
    { title = "CPU (%)", namespace = "AWS/ECS", metric = "CPUUtilization" },
    { title = "Memory (%)", namespace = "AWS/ECS", metric = "MemoryUtilization" },
    ] : {
    title   = chart.title
    stat    = "Maximum"
    metrics = [for service in var.services : [chart.namespace, chart.metric, "ClusterName", var.cluster, "ServiceName", service]]
  }]
  # The program's own, by the collector.
  fleet_charts = [for chart in [
    {
      title     = "Files by what became of them"
      stat      = "Sum"
      metric    = "drayage.files"
      dimension = "state"
      values    = ["completed", "superseded", "failed"]
    },
    {
      title     = "From event to delivery (s), mean"
      stat      = "Average"
      metric    = "drayage.file.latency"
      dimension = "lane"
      values    = keys(var.latency_alarms_s)
    },
    {
      title     = "Oldest message in work (s), poison too"
      stat      = "Maximum"
      metric    = "drayage.queue.oldest_message.age"
      dimension = "queue"
      values    = [for queue in var.queues : queue.name]
    },
    {
      title     = "Leases lost"
      stat      = "Sum"
      metric    = "drayage.leases.lost"
      dimension = "queue"
      values    = [for queue in var.queues : queue.name]
    },
    ] : {
    title   = chart.title
    stat    = chart.stat
    metrics = [for value in chart.values : [local.namespace, chart.metric, chart.dimension, value]]
  } if var.collector]
  charts = concat(
    [{
      title   = "Events in"
      stat    = "Sum"
      metrics = [["AWS/SQS", "NumberOfMessagesReceived", "QueueName", var.queues["ingest"].name]]
    }],
    local.queue_charts,
    [{
      title   = "In dead-letter queues"
      stat    = "Maximum"
      metrics = [for queue in var.queues : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.dlq_name]]
    }],
    local.fleet_charts,
    local.service_charts,
    [
      {
        title   = "Ledger: writes"
        stat    = "Sum"
        metrics = [["AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", var.table]]
      },
      {
        title = "Ledger: throttles and refused conditions"
        stat  = "Sum"
        metrics = [
          for metric in ["WriteThrottleEvents", "ReadThrottleEvents", "ConditionalCheckFailedRequests"] :
          ["AWS/DynamoDB", metric, "TableName", var.table]
        ]
      },
      {
        title   = "Events not delivered"
        stat    = "Sum"
        metrics = [for rule in var.rules : ["AWS/Events", "FailedInvocations", "RuleName", rule]]
      },
    ],
  )
  widgets = concat(
    [for chart in local.charts : {
      type = "metric"
      properties = {
        title   = chart.title
        region  = var.stack.region
        view    = "timeSeries"
        period  = 60
        stat    = chart.stat
        metrics = chart.metrics
      }
    } if length(chart.metrics) > 0],
    [for group in slice(["warnings"], 0, length(var.service_log_groups) > 0 ? 1 : 0) : {
      type = "log"
      properties = {
        title  = "Last warnings and errors"
        region = var.stack.region
        view   = "table"
        query = join(" | ", concat(
          [for log_group in var.service_log_groups : "SOURCE '${log_group}'"],
          ["filter level in ['WARN', 'ERROR']", "fields @timestamp, level, message, span.transfer", "sort @timestamp desc", "limit 20"],
        ))
      }
    }],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.stack.name
  dashboard_body = jsonencode({
    widgets = [
      for index, widget in local.widgets :
      merge(widget, { x = index % 3 * 8, y = floor(index / 3) * 6, width = 8, height = 6 })
    ]
  })
}
