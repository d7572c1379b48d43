variable "stack" {
  description = "What every name and ARN is made of: the stack's name, region, account, partition and DNS suffix."
  type = object({
    name       = string
    region     = string
    account_id = string
    partition  = string
    dns_suffix = string
  })
}

variable "ingest" {
  description = "The ingest queue's ARN and its dead-letter queue's."
  type        = object({ arn = string, dlq_arn = string })
}

variable "lanes" {
  description = "Each lane's queue ARN and its dead-letter queue's."
  type        = map(object({ arn = string, dlq_arn = string }))
}

variable "table_arn" {
  description = "The ledger's ARN."
  type        = string
}

variable "sources" {
  description = "The buckets that are read, each with the account that must own it."
  type        = map(object({ account_id = string }))
}

variable "targets" {
  description = "The buckets that are written, each with the account that must own it."
  type        = map(object({ account_id = string }))
}

variable "queue_key_arn" {
  description = "The key of queues and ledger."
  type        = string
}

variable "object_key_arns" {
  description = "The keys of the buckets' objects, and those that routes name."
  type        = list(string)
}

variable "cluster_arn" {
  description = "The cluster whose tasks protect themselves."
  type        = string
}

variable "collector_log_group" {
  description = "The log group that the collector writes metrics to; null where there is no collector."
  type        = string
  default     = null
}
