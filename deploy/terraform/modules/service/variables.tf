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
  description = "The service's name: `dispatcher`, `worker-fast`."
  type        = string
}

variable "task" {
  description = "What runs: see the module `task`, whose inputs these are."
  type = object({
    command         = list(string)
    image           = string
    repository_arns = list(string)
    cpu             = number
    memory          = number
    architecture    = string
    environment     = map(string)
    policy          = string
    health_command  = optional(list(string))
    collector       = optional(object({ image = string, config = string }))
    log_days        = number
    kms_key_arn     = string
  })
}

variable "cluster" {
  description = "The cluster's name."
  type        = string
}

variable "subnet_ids" {
  description = "The private subnets that tasks run in."
  type        = list(string)
}

variable "security_group_id" {
  description = "The tasks' security group."
  type        = string
}

variable "spot_percent" {
  description = "Share of the tasks that run on Fargate Spot. What Spot interrupts goes on elsewhere with the parts that are there."
  type        = number
  default     = 0

  validation {
    condition     = var.spot_percent >= 0 && var.spot_percent <= 100
    error_message = "spot_percent: expected 0 to 100."
  }
}

variable "tasks_min" {
  description = "Fewest tasks; with 0 an empty queue costs nothing, and the first file waits until a task has started (about a minute)."
  type        = number
}

variable "tasks_max" {
  description = "Most tasks."
  type        = number
}

variable "queue" {
  description = "The queue whose backlog scales the service."
  type        = string
}

variable "backlog_per_task" {
  description = "Messages, waiting and in work, for each running task that scaling aims at."
  type        = number
}

variable "scale_in_cooldown_s" {
  description = "Between two reductions."
  type        = number
  default     = 300
}

variable "alarm_topic_arn" {
  description = "Where alarms go."
  type        = string
}

variable "wait_for" {
  description = "What must be there before the first task starts. Not depends_on: that would hide the policies from every plan."
  type        = list(string)
  default     = []
}
