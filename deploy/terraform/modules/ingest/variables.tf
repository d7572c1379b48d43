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

variable "sources" {
  description = "The source buckets: whether to make them, which keys count (patterns with `*`; none takes every key), when objects are removed, and the account that the bucket and so its events are of."
  type = map(object({
    create      = bool
    keys        = list(string)
    expire_days = number
    account_id  = string
  }))
}

variable "kms_key_arn" {
  description = "The key of queues and of buckets that are made."
  type        = string
}

variable "queue" {
  description = "The ingest queue: its visibility timeout, retention and alarms."
  type = object({
    visibility_timeout_s = number
    retention_days       = number
    age_alarm_s          = number
    depth_alarm          = number
  })
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes a bucket that is not empty."
  type        = bool
}

variable "alarm_topic_arn" {
  description = "Where alarms go."
  type        = string
}

variable "sftp" {
  description = "The SFTP server, where there is one: see the module `sftp`, whose inputs these are."
  type = object({
    users           = map(object({ bucket = string, folder = string, public_keys = list(string), read = optional(bool, false) }))
    vpc_id          = string
    subnet_ids      = list(string)
    allowed_cidrs   = list(string)
    object_key_arns = list(string)
    kms_key_arn     = string
    log_days        = number
  })
  default = null
}
