# What is refused before anything is made.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
}

variables {
  region         = "eu-west-1"
  account_id     = "123456789012"
  image_digest   = null
  network        = { availability_zones = ["eu-west-1a"] }
  source_buckets = { landing = {} }
  target_buckets = { delivered = {} }
  rules          = "[[rule]]\nmatch.bucket = \"landing\"\ntarget.bucket = \"delivered\"\n"
}

run "rules_with_an_unknown_bucket" {
  command = plan
  variables {
    rules = "[[rule]]\nmatch = { bucket = \"landing\", prefix = \"a/\" }\ntarget = { bucket = \"elsewhere\" }\n"
  }
  expect_failures = [var.rules]
}

run "buckets_with_names_that_s3_would_refuse" {
  command = plan
  variables {
    source_buckets = { "landing/" = { create = false } }
    target_buckets = { "Delivered" = { create = false } }
    rules          = "[[rule]]\nmatch.bucket = \"landing/\"\ntarget.bucket = \"Delivered\"\n"
  }
  expect_failures = [var.source_buckets, var.target_buckets]
}

run "rules_with_an_unknown_lane" {
  command = plan
  variables {
    rules = "[lanes]\ndefault = \"slow\"\n"
  }
  expect_failures = [var.rules]
}

run "rules_longer_than_a_task_definition" {
  command = plan
  variables {
    rules = join("\n", [for number in range(1000) : "# a comment, forty-odd characters long: ${number}"])
  }
  expect_failures = [var.rules]
}

run "a_tag_instead_of_a_digest" {
  command = plan
  variables {
    image_digest = "latest"
  }
  expect_failures = [var.image_digest]
}

run "a_lane_called_ingest" {
  command = plan
  variables {
    lanes = { ingest = {} }
  }
  expect_failures = [var.lanes]
}

run "a_grace_period_past_the_kill" {
  command = plan
  variables {
    timing = { grace_period_s = 120 }
  }
  expect_failures = [var.timing]
}
