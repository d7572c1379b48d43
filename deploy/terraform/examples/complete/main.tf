# Two customers, three lanes (one of them in order), a VPC that is there, and SFTP.

provider "aws" {
  region = var.region
}

module "drayage" {
  source = "../.."

  name             = var.name
  region           = var.region
  account_id       = var.account_id
  image_digest     = var.image_digest
  kms_key_arn      = var.kms_key_arn
  existing_network = var.network
  protected        = var.protected

  source_buckets = {
    "${var.name}-landing" = { keys = ["acme/*", "globex/*"], expire_days = 30 }
  }
  target_buckets = {
    "${var.name}-delivered" = {}
    "${var.name}-archive"   = { expire_days = 3650 }
  }
  rules = templatefile("${path.module}/rules.toml", { name = var.name })

  lanes = {
    fast    = { tasks_min = 1, tasks_max = 50 }
    bulk    = { concurrency = 4, backlog_per_task = 8, tasks_max = 20, spot_percent = 75, part_bytes = "64MiB", age_alarm_s = 3600 }
    ordered = { fifo = true, backlog_per_task = 100, age_alarm_s = 120 }
  }

  sftp = {
    allowed_cidrs = ["10.0.0.0/8"]
    users = {
      acme   = { bucket = "${var.name}-landing", folder = "acme/inbound", public_keys = var.sftp_keys.acme }
      globex = { bucket = "${var.name}-landing", folder = "globex", public_keys = var.sftp_keys.globex, read = true }
    }
  }

  collector    = var.collector_digest == null ? null : { digest = var.collector_digest, trace_percent = 5 }
  alarm_emails = var.alarm_emails
}
