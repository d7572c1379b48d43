variable "name" {
  description = "The stack's name. Buckets are called after it, so it must be one that nobody in the world has used."
  type        = string
  default     = "drayage-demo"
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "account_id" {
  description = "The AWS account; null asks AWS."
  type        = string
  default     = null
}

variable "network" {
  description = "The VPC and its private subnets."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
}

variable "image_digest" {
  description = "The image's digest, `sha256:…`; null until there is one."
  type        = string
  default     = null
}

variable "collector_digest" {
  description = "The OpenTelemetry collector's digest, `sha256:…`; null has none."
  type        = string
  default     = null
}

variable "kms_key_arn" {
  description = "A key that is there already; null makes two."
  type        = string
  default     = null
}

variable "sftp_keys" {
  description = "Each SFTP user's public keys."
  type        = object({ acme = list(string), globex = list(string) })
}

variable "alarm_emails" {
  description = "Addresses that get every alarm."
  type        = set(string)
  default     = []
}

variable "protected" {
  description = "Whether data is protected from `terraform destroy`."
  type        = bool
  default     = true
}
