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

variable "task" {
  description = "What runs: see the module `task`, whose inputs these are."
  type = object({
    image           = string
    repository_arns = list(string)
    architecture    = string
    environment     = map(string)
    policy          = string
    log_days        = number
    kms_key_arn     = string
  })
}

variable "schedule" {
  description = "When it runs: an EventBridge Scheduler expression, in UTC."
  type        = string
  default     = "cron(30 3 * * ? *)"
}

variable "cluster_arn" {
  description = "The cluster's ARN."
  type        = string
}

variable "subnet_ids" {
  description = "The private subnets that the task runs in."
  type        = list(string)
}

variable "security_group_id" {
  description = "The tasks' security group."
  type        = string
}

variable "dead_letter_arn" {
  description = "The queue for starts that EventBridge Scheduler could not make."
  type        = string
}

variable "alarm_topic_arn" {
  description = "Where a failed run is told."
  type        = string
}

variable "queue_key_arn" {
  description = "The key that messages in that queue are encrypted with."
  type        = string
}
