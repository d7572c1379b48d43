# What the stack is made of, with AWS played by Terraform itself: applied, so that outputs and references are real.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mocked" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:mocked" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/mocked:1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:mocked" }
  }
  mock_resource "aws_transfer_server" {
    defaults = { id = "s-0123456789abcdef0", endpoint = "s-0123456789abcdef0.server.transfer.eu-west-1.amazonaws.com" }
  }
  mock_resource "aws_appautoscaling_policy" {
    defaults = { arn = "arn:aws:autoscaling:eu-west-1:123456789012:scalingPolicy:mocked" }
  }
}

variables {
  region         = "eu-west-1"
  image_digest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  source_buckets = { landing = {} }
  target_buckets = { delivered = {} }
  rules          = <<-TOML
    version = 1
    [lanes]
    default = "fast"
    [[rule]]
    name = "everything"
    match.bucket = "landing"
    target.bucket = "delivered"
  TOML
}

run "a_plain_stack" {
  assert {
    condition     = output.services == { dispatcher = "drayage-dispatcher", worker-bulk = "drayage-worker-bulk", worker-fast = "drayage-worker-fast" }
    error_message = "expected a service for the dispatcher and for each lane, and not ${jsonencode(output.services)}"
  }
  assert {
    condition     = output.queues.fast == { name = "drayage-fast", dlq_name = "drayage-fast-dlq" } && output.queues.ingest.name == "drayage-ingest"
    error_message = "expected queues called after their lanes, and not ${jsonencode(output.queues)}"
  }
  assert {
    condition     = output.repositories == { drayage = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/drayage/drayage" }
    error_message = "expected one repository, and not ${jsonencode(output.repositories)}"
  }
  assert {
    condition     = output.sftp_endpoint == null
    error_message = "expected no SFTP server"
  }
  assert {
    condition     = sort(keys(output.log_groups)) == tolist(["dispatcher", "reaper", "worker-bulk", "worker-fast"])
    error_message = "expected a log group for everything that runs"
  }
}

run "before_there_is_an_image" {
  variables {
    image_digest = null
  }
  assert {
    condition     = length(output.services) == 0 && length(output.repositories) == 1
    error_message = "expected a repository to push to, and nothing that would run without an image"
  }
}

run "a_lane_in_order" {
  variables {
    lanes = { fast = { fifo = true } }
  }
  assert {
    condition     = output.queues.fast == { name = "drayage-fast.fifo", dlq_name = "drayage-fast-dlq.fifo" }
    error_message = "SQS wants FIFO queues, and their dead-letter queues, to be called .fifo"
  }
}

run "sftp" {
  variables {
    sftp = {
      allowed_cidrs = ["10.0.0.0/8"]
      users         = { acme = { bucket = "landing", folder = "acme", public_keys = ["ssh-ed25519 AAAA"] } }
    }
  }
  assert {
    condition     = output.sftp_endpoint != null
    error_message = "expected an SFTP server"
  }
}
