# Planned by the real provider, which knows AWS's arguments and attributes; what it would ask AWS is answered here.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
}

override_data {
  target = data.aws_caller_identity.this[0]
  values = { account_id = "123456789012" }
}

override_data {
  target = module.network.data.aws_availability_zones.this[0]
  values = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
}

variables {
  region         = "eu-west-1"
  image_digest   = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  source_buckets = { landing = { keys = ["uploads/*", "*.csv", "a/*/b"] } }
  target_buckets = { delivered = {} }
  rules          = "[[rule]]\nmatch.bucket = \"landing\"\ntarget.bucket = \"delivered\"\n"
}

run "the_root" {
  command = plan

  assert {
    condition     = output.queues.bulk.dlq_name == "drayage-bulk-dlq"
    error_message = "expected a dead-letter queue for each lane"
  }
}

run "a_chain_of_buckets" {
  command = plan
  variables {
    source_buckets = { landing = {}, validated = {} }
    target_buckets = { validated = {}, delivered = {} }
    rules          = "[[rule]]\nmatch.bucket = \"landing\"\ntarget.bucket = \"validated\"\n[[rule]]\nmatch.bucket = \"validated\"\ntarget.bucket = \"delivered\"\n"
  }

  # Made once, though it is source and target.
  assert {
    condition     = sort(keys(module.storage)) == tolist(["delivered"])
    error_message = "expected the bucket in the middle to be made as a source only"
  }
}
