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

variable "service" {
  description = "What the task is for: `dispatcher`, `worker-fast`, `reaper`. Names of roles, logs and metrics are made of it."
  type        = string
}

variable "command" {
  description = "The image's role: `[\"worker\"]`."
  type        = list(string)
}

variable "image" {
  description = "The image, by digest."
  type        = string

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "image: expected REPOSITORY@sha256:…, so that every task runs the same bytes."
  }
}

variable "repository_arns" {
  description = "The repositories that the task's images are pulled from."
  type        = list(string)
}

variable "cpu" {
  description = "CPU units; 1,024 are one vCPU. A worker runs on one thread and has no use for more."
  type        = number
}

variable "memory" {
  description = "MiB, as Fargate has it for this many CPU units."
  type        = number

  validation {
    condition = contains(flatten([
      for cpu, sizes in {
        "256"   = [512, 1024, 2048]
        "512"   = range(1024, 4097, 1024)
        "1024"  = range(2048, 8193, 1024)
        "2048"  = range(4096, 16385, 1024)
        "4096"  = range(8192, 30721, 1024)
        "8192"  = range(16384, 61441, 4096)
        "16384" = range(32768, 122881, 8192)
      } : sizes if cpu == tostring(var.cpu)
    ]), var.memory)
    error_message = "memory: Fargate has no such pair of CPU units and MiB."
  }
}

variable "architecture" {
  description = "What the image was built for: `X86_64` or `ARM64`."
  type        = string
  default     = "X86_64"
}

variable "environment" {
  description = "Settings, as environment variables. Null values are left out."
  type        = map(string)
}

variable "policy" {
  description = "What the task may do: an IAM policy document."
  type        = string
}

variable "health_command" {
  description = "The container's health check; null for a task that ends by itself."
  type        = list(string)
  default     = null
}

variable "stop_timeout_s" {
  description = "From SIGTERM to SIGKILL; 120 at most on Fargate, and above the program's grace period."
  type        = number
  default     = 120
}

variable "collector" {
  description = "The OpenTelemetry collector beside the program: its image (by digest) and configuration; null has none."
  type = object({
    image  = string
    config = string
  })
  default = null
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "The key that logs are encrypted with."
  type        = string
}
