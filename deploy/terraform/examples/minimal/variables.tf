variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "image_digest" {
  description = "The image's digest, `sha256:…`; null until there is one."
  type        = string
  default     = null
}
