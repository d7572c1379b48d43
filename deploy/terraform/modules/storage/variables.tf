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

variable "bucket" {
  description = "The bucket's name."
  type        = string
}

variable "kms_key_arn" {
  description = "The key that objects are encrypted with, unless a write names another."
  type        = string
}

variable "events" {
  description = "Whether the bucket sends its events to EventBridge: true for a source."
  type        = bool
  default     = false
}

variable "abort_incomplete_days" {
  description = "Age after which S3 aborts a multipart upload. The net below `drayage reap`, and far above what a transfer that waits for a redrive needs."
  type        = number
  default     = 30
}

variable "expire_days" {
  description = "Age after which objects are removed; null keeps them."
  type        = number
  default     = null
}

variable "noncurrent_days" {
  description = "How long a version that was overwritten or deleted is kept."
  type        = number
  default     = 30
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes a bucket that is not empty."
  type        = bool
  default     = false
}
