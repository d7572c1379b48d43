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

variable "alarm_emails" {
  description = "Addresses that get every alarm; each has to confirm once."
  type        = set(string)
}

variable "kms_key_arn" {
  description = "The key that topic and logs are encrypted with."
  type        = string
}

variable "table" {
  description = "The ledger's table."
  type        = string
}

variable "indexes" {
  description = "The names of the ledger's indexes: each has throttles of its own."
  type        = list(string)
}

variable "conflicts_alarm" {
  description = "Alarm when five minutes have more refused conditional writes than this. Duplicates cause some; many mean that two fleets work on one ledger."
  type        = number
  default     = 1000
}

variable "cluster" {
  description = "The cluster's name."
  type        = string
}

variable "queues" {
  description = "Each queue that work waits in, ingest first: its name, its dead-letter queue's, and how old a message may be."
  type        = map(object({ name = string, dlq_name = string, age_alarm_s = number }))
}

variable "latency_alarms_s" {
  description = "Lane → how long its files may take on average, from event to delivery; watched when there is a collector."
  type        = map(number)
}

variable "services" {
  description = "The names of the ECS services; none before there is an image."
  type        = list(string)
}

variable "service_log_groups" {
  description = "The services' log groups."
  type        = list(string)
}

variable "rules" {
  description = "The EventBridge rules that feed the ingest queue."
  type        = list(string)
}

variable "collector" {
  description = "Whether tasks have an OpenTelemetry collector beside them."
  type        = bool
}

variable "log_days" {
  description = "How long the collector's metrics are kept as logs."
  type        = number
}
