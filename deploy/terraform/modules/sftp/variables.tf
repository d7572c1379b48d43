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

variable "users" {
  description = "Who may log in: the bucket and folder that each sees as `/`, the public SSH keys, and whether files may be read back as well."
  type = map(object({
    bucket      = string
    folder      = string
    public_keys = list(string)
    read        = optional(bool, false)
  }))

  validation {
    condition     = alltrue([for user in var.users : can(regex("^[^/].*[^/]$", user.folder))])
    error_message = "users: expected a folder such as acme/inbound, without a slash at either end."
  }
  validation {
    condition     = alltrue([for user in var.users : length(user.public_keys) > 0])
    error_message = "users: expected at least one public key for each user."
  }
}

variable "bucket_owners" {
  description = "The account of each user's bucket, by the bucket's name; one that is not named is this account's."
  type        = map(string)
  default     = {}
}

variable "vpc_id" {
  description = "The VPC that the endpoint is in."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets that the endpoint has an address in."
  type        = list(string)
}

variable "allowed_cidrs" {
  description = "Addresses that may connect."
  type        = list(string)
}

variable "object_key_arns" {
  description = "The keys of the landing buckets' objects."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "The key that logs are encrypted with."
  type        = string
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "errors_alarm" {
  description = "Alarm when a minute has more failed logins and session errors than this."
  type        = number
  default     = 5
}

variable "alarm_topic_arn" {
  description = "Where alarms go."
  type        = string
}
