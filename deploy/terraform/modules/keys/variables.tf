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

variable "deletion_window_days" {
  description = "How long a deleted key can still be brought back."
  type        = number
  default     = 30
}
