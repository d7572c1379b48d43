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

variable "existing" {
  description = "A VPC that is there already, with private subnets from which the AWS services can be reached; null makes one."
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
  default = null
}

variable "cidr" {
  description = "The new VPC's addresses."
  type        = string
  default     = "10.80.0.0/20"
}

variable "availability_zones" {
  description = "The new VPC's zones, a private subnet in each; empty takes the region's first two. Each costs one address of every interface endpoint."
  type        = list(string)
  default     = []
}

variable "interface_services" {
  description = "AWS services reached through an interface endpoint; S3 and DynamoDB have gateways, which cost nothing."
  type        = set(string)
  default     = ["sqs", "ecr.api", "ecr.dkr", "logs", "ecs"]
}

variable "buckets" {
  description = "The buckets that the S3 gateway lets through; the one that ECR keeps image layers in is always let through."
  type        = list(string)
}

variable "flow_log_days" {
  description = "How long records of refused connections are kept."
  type        = number
  default     = 30
}

variable "kms_key_arn" {
  description = "The key that logs are encrypted with."
  type        = string
}
