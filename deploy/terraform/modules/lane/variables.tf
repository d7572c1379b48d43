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

variable "lane" {
  description = "The lane's name; the queue is called after it."
  type        = string
}

variable "fifo" {
  description = "Whether each customer's files are worked on one after another, in the order in which they were sent. A FIFO queue takes fewer messages a second."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "The key that messages are encrypted with."
  type        = string
}

variable "rule_arns" {
  description = "EventBridge rules that may send to the queue."
  type        = list(string)
  default     = []
}

variable "visibility_timeout_s" {
  description = "How long a received message stays hidden, where the receiver does not say it itself. Drayage does."
  type        = number
  default     = 60
}

variable "retention_days" {
  description = "How long a message waits in the queue. The dead-letter queue keeps it for 14 days, counted from the same instant."
  type        = number
  default     = 4

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 13
    error_message = "retention_days: expected 1 to 13, less than the dead-letter queue's 14."
  }
}

variable "receives_max" {
  description = "Receives after which SQS itself moves a message. Far above what throttles and stops use up: the worker counts failed attempts itself."
  type        = number
  default     = 100
}

variable "alarm_topic_arn" {
  description = "Where alarms go."
  type        = string
}

variable "age_alarm_s" {
  description = "Alarm when the oldest message is older than this for three minutes."
  type        = number
  default     = 30
}

variable "depth_alarm" {
  description = "Alarm when more messages than this wait for fifteen minutes."
  type        = number
  default     = 10000
}

variable "in_flight_alarm" {
  description = "Alarm when more messages than this are in work for three minutes. SQS's limit is 120,000."
  type        = number
  default     = 100000
}
