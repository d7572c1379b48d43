# The sidecar's configuration: what the program sends by OTLP goes on as traces to X-Ray and as metrics to CloudWatch (by its logs).

locals {
  metrics_log_group = "/${var.stack.name}/metrics"
  namespace         = "Drayage/${var.stack.name}"
  collector_config = yamlencode({
    receivers = { otlp = { protocols = { grpc = { endpoint = "127.0.0.1:4317" } } } }
    processors = {
      # Before the sidecar takes memory that the program counts on, it refuses spans.
      memory_limiter = { check_interval = "1s", limit_mib = 100 }
      batch          = { timeout = "10s" }
    }
    exporters = {
      awsxray = { region = var.stack.region }
      awsemf = {
        region                  = var.stack.region
        namespace               = local.namespace
        log_group_name          = local.metrics_log_group
        dimension_rollup_option = "NoDimensionRollup"
        metric_declarations     = local.metric_declarations
        # A counter begins with its first count: without this the first failed file would be taken for where counting starts.
        retain_initial_value_of_delta_metric = true
      }
    }
    service = {
      pipelines = {
        traces  = { receivers = ["otlp"], processors = ["memory_limiter", "batch"], exporters = ["awsxray"] }
        metrics = { receivers = ["otlp"], processors = ["memory_limiter", "batch"], exporters = ["awsemf"] }
      }
    }
  })
}

resource "aws_cloudwatch_log_group" "metrics" {
  count = var.collector ? 1 : 0

  name              = local.metrics_log_group
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
}
