# The examples, planned by the real provider.

provider "aws" {
  region                      = "eu-west-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
}

run "minimal" {
  command = plan

  module {
    source = "./examples/minimal"
  }

  override_data {
    target = module.drayage.data.aws_caller_identity.this[0]
    values = { account_id = "123456789012" }
  }
  override_data {
    target = module.drayage.module.network.data.aws_availability_zones.this[0]
    values = { names = ["eu-west-1a", "eu-west-1b"] }
  }
  variables {
    image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  assert {
    condition     = length(output.drayage.services) == 3
    error_message = "expected a dispatcher and two workers"
  }
}

run "complete" {
  command = plan

  module {
    source = "./examples/complete"
  }

  variables {
    account_id       = "123456789012"
    network          = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0"] }
    image_digest     = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    collector_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    sftp_keys        = { acme = ["ssh-ed25519 AAAA"], globex = ["ssh-ed25519 BBBB"] }
  }

  assert {
    condition     = output.drayage.queues.ordered.name == "drayage-demo-ordered.fifo" && length(output.drayage.services) == 4
    error_message = "expected three lanes, one of them in order"
  }
}
