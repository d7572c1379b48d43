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

variable "repositories" {
  description = "Repositories to make, called after the stack: `drayage`, and `collector` where the sidecar's image is kept too."
  type        = set(string)
  default     = ["drayage"]
}

variable "kms_key_arn" {
  description = "The key that images are encrypted with."
  type        = string
}

variable "keep" {
  description = "How many images are kept."
  type        = number
  default     = 30
}

variable "force_delete" {
  description = "Whether `terraform destroy` deletes a repository that has images."
  type        = bool
  default     = false
}
