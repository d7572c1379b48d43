# Which events reach the ingest queue, and who may put them there: the module alone, planned by the real provider.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
}

run "patterns" {
  command = plan

  module {
    source = "./modules/ingest"
  }

  variables {
    stack           = { name = "drayage", region = "eu-west-1", account_id = "123456789012", partition = "aws", dns_suffix = "amazonaws.com" }
    kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:alarms"
    force_destroy   = false
    queue           = { visibility_timeout_s = 60, retention_days = 4, age_alarm_s = 30, depth_alarm = 10000 }
    sources = {
      whole   = { create = true, keys = [], expire_days = null, account_id = "123456789012" }
      some    = { create = true, keys = ["uploads/*", "*.csv", "in/*.xml"], expire_days = null, account_id = "123456789012" }
      foreign = { create = false, keys = [], expire_days = null, account_id = "210987654321" }
    }
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.created["whole"].event_pattern) == {
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      account     = ["123456789012"]
      detail      = { bucket = { name = ["whole"] } }
    }
    error_message = "expected every object of the bucket, for whatever reason it was created"
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.created["some"].event_pattern).detail.object.key == [
      { prefix = "uploads/" }, { suffix = ".csv" }, { wildcard = "in/*.xml" },
    ]
    error_message = "expected a prefix, a suffix and both, and not ${aws_cloudwatch_event_rule.created["some"].event_pattern}"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.created["foreign"].event_pattern).account == ["210987654321"]
    error_message = "an event tells the account of its bucket: expected that one"
  }
  assert {
    condition     = sort(keys(module.bucket)) == tolist(["some", "whole"])
    error_message = "expected a bucket that is there not to be made"
  }
  # Each rule may send to the queue, and nothing else of EventBridge's.
  assert {
    condition = alltrue([
      for rule in aws_cloudwatch_event_rule.created :
      contains(jsondecode(aws_sqs_queue_policy.undelivered.policy).Statement[1].Condition.ArnEquals["aws:SourceArn"], "arn:aws:events:eu-west-1:123456789012:rule/${rule.name}")
    ])
    error_message = "expected the rules, by their ARNs, in the queue's policy"
  }
}
