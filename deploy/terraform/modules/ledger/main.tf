# The ledger. Its keys are those of common/src/ledger/schema.rs; a check compares them with what the program makes.

locals {
  indexes = {
    by_status   = { hash_key = "status_shard", range_key = "updated_timestamp" }
    by_customer = { hash_key = "customer_shard", range_key = "upload_timestamp" }
    by_upload   = { hash_key = "upload_id", range_key = null }
  }
  attributes = toset(concat(["file_id"], flatten([for index in local.indexes : compact([index.hash_key, index.range_key])])))
}

resource "aws_dynamodb_table" "this" {
  name         = var.table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "file_id"

  deletion_protection_enabled = var.deletion_protection
  # Whoever reports states elsewhere reads the changes here; nothing of Drayage's does.
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  dynamic "attribute" {
    for_each = local.attributes
    content {
      name = attribute.value
      type = "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.indexes
    content {
      name            = global_secondary_index.key
      hash_key        = global_secondary_index.value.hash_key
      range_key       = global_secondary_index.value.range_key
      projection_type = "KEYS_ONLY"
    }
  }

  ttl {
    attribute_name = "expire_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arn
  }
}
