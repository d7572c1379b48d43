# What a stack is made of. The first five are all that a plain one needs; the rest has defaults.

variable "region" {
  description = "The AWS region."
  type        = string
}

variable "image_digest" {
  description = "The image that every task runs: `sha256:…` as pushed to the repository that this stack makes. Null makes everything but what runs, so that there is a repository to push to."
  type        = string

  validation {
    condition     = var.image_digest == null || can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest: expected sha256: and 64 hexadecimal digits, or null."
  }
}

variable "source_buckets" {
  description = "The buckets that files land in, by name. `create = false` takes one that is there, with its EventBridge notifications on. `keys` are patterns (`uploads/*.csv`); none takes every key. `kms_key_arn` is the key of a bucket that is there, `account_id` its owner."
  type = map(object({
    create      = optional(bool, true)
    keys        = optional(list(string), [])
    expire_days = optional(number)
    account_id  = optional(string)
    kms_key_arn = optional(string)
  }))

  validation {
    condition     = length(var.source_buckets) > 0
    error_message = "source_buckets: expected at least one."
  }
  # A name that S3 would refuse (`landing/`) would hide from the checks that compare names that a target feeds the rules again.
  validation {
    condition = alltrue([
      for name in keys(var.source_buckets) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name)) && !strcontains(name, "..")
    ])
    error_message = "source_buckets: expected bucket names of 3 to 63 of a-z, 0-9, `-` and `.`, without a path."
  }
}

variable "target_buckets" {
  description = "The buckets that files are delivered to, by name, with the same fields."
  type = map(object({
    create      = optional(bool, true)
    expire_days = optional(number)
    account_id  = optional(string)
    kms_key_arn = optional(string)
  }))

  validation {
    condition     = length(var.target_buckets) > 0
    error_message = "target_buckets: expected at least one."
  }
  # A name that S3 would refuse (`landing/`) would hide from the checks that compare names that a target feeds the rules again.
  validation {
    condition = alltrue([
      for name in keys(var.target_buckets) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", name)) && !strcontains(name, "..")
    ])
    error_message = "target_buckets: expected bucket names of 3 to 63 of a-z, 0-9, `-` and `.`, without a path."
  }
}

variable "rules" {
  description = "The text of the rules file: which file goes where."
  type        = string

  # A task definition has 64 KiB.
  validation {
    condition     = length(var.rules) > 0 && length(base64encode(var.rules)) < 40000 * 4 / 3
    error_message = "rules: expected a rules file of at most 40,000 bytes."
  }
  validation {
    condition = length(setsubtract(
      flatten(regexall("(?m)^[^#\\n]*?\\bbucket\\s*=\\s*\"([^\"]+)\"", var.rules)),
      concat(keys(var.source_buckets), keys(var.target_buckets)),
    )) == 0
    error_message = "rules: they name a bucket that is neither in source_buckets nor in target_buckets."
  }
  validation {
    condition = length(setsubtract(
      flatten(regexall("(?m)^\\s*(?:lane|default|bulk)\\s*=\\s*\"([^\"]+)\"", var.rules)),
      keys(var.lanes),
    )) == 0
    error_message = "rules: they name a lane that is not in lanes."
  }
}

variable "name" {
  description = "The stack's name; everything's name begins with it."
  type        = string
  default     = "drayage"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name: expected 2 to 20 of a-z, 0-9 and -, beginning with a letter."
  }
}

variable "lanes" {
  description = "The lanes, each with a queue and a service of its own. `concurrency` is files at a time in one task; what `backlog_per_task`, `spot_percent`, `tasks_min` and the alarms mean stands in the modules `service` and `lane`, the rest in docs/configuration.md."
  type = map(object({
    fifo                = optional(bool, false)
    cpu                 = optional(number, 1024)
    memory              = optional(number, 2048)
    tasks_min           = optional(number, 0)
    tasks_max           = optional(number, 10)
    backlog_per_task    = optional(number, 500)
    spot_percent        = optional(number, 0)
    concurrency         = optional(number, 32)
    part_bytes          = optional(string, "8MiB")
    parts_in_flight     = optional(number, 4)
    streams_max         = optional(number, 32)
    buffer_bytes        = optional(string, "32MiB")
    failed_attempts_max = optional(number, 3)
    retention_days      = optional(number, 4)
    age_alarm_s         = optional(number, 30)
    depth_alarm         = optional(number, 10000)
  }))
  default = {
    fast = {}
    bulk = { concurrency = 4, backlog_per_task = 8, spot_percent = 75, age_alarm_s = 3600 }
  }

  validation {
    condition     = alltrue([for lane, _ in var.lanes : can(regex("^[a-z][a-z0-9-]{0,31}$", lane)) && !contains(["ingest", "undelivered-events"], lane)])
    error_message = "lanes: expected names of 1 to 32 of a-z, 0-9 and -, beginning with a letter; ingest and undelivered-events are taken."
  }
  validation {
    condition     = alltrue([for lane in var.lanes : lane.tasks_min <= lane.tasks_max])
    error_message = "lanes: expected tasks_min of at most tasks_max."
  }
}

variable "dispatcher" {
  description = "The dispatcher's service. It always runs: its queue is what every file passes first."
  type = object({
    cpu              = optional(number, 512)
    memory           = optional(number, 1024)
    tasks_min        = optional(number, 2)
    tasks_max        = optional(number, 10)
    backlog_per_task = optional(number, 1000)
    pollers          = optional(number, 4)
    age_alarm_s      = optional(number, 30)
    depth_alarm      = optional(number, 10000)
  })
  default = {}
}

variable "timing" {
  description = "Dispatcher's and workers' times: see docs/configuration.md."
  type = object({
    visibility_timeout_s = optional(number, 60)
    wait_s               = optional(number, 20)
    grace_period_s       = optional(number, 110)
  })
  default = {}

  validation {
    condition     = var.timing.grace_period_s <= 118 && var.timing.grace_period_s > var.timing.wait_s
    error_message = "timing: expected a grace_period_s of at most 118 (Fargate kills after 120 s), above wait_s."
  }
  validation {
    condition     = var.timing.visibility_timeout_s > var.timing.wait_s + 10
    error_message = "timing: expected a visibility_timeout_s above wait_s plus 10."
  }
}

variable "reaper" {
  description = "When orphaned uploads are looked for (EventBridge Scheduler, UTC), and how old one must be."
  type = object({
    schedule   = optional(string, "cron(30 3 * * ? *)")
    older_than = optional(string, "24h")
    prefix     = optional(string)
  })
  default = {}
}

variable "sftp" {
  description = "SFTP users: whom `bucket` and `folder` belong to, their public keys, whether they may read back; and the addresses that may connect. Null has no server."
  type = object({
    users = map(object({
      bucket      = string
      folder      = string
      public_keys = list(string)
      read        = optional(bool, false)
    }))
    allowed_cidrs = list(string)
  })
  default = null
}

variable "existing_network" {
  description = "A VPC that is there already, with private subnets from which the AWS services can be reached; null makes one without a way to the internet."
  type        = object({ vpc_id = string, subnet_ids = list(string) })
  default     = null
}

variable "network" {
  description = "The new VPC's addresses and zones; no zones take the region's first two."
  type = object({
    cidr               = optional(string, "10.80.0.0/20")
    availability_zones = optional(list(string), [])
  })
  default = {}
}

variable "kms_key_arn" {
  description = "A key that is there already, used for everything; its policy must let EventBridge, CloudWatch and CloudWatch Logs use it, as that of the module `keys` does. Null makes two."
  type        = string
  default     = null
}

variable "route_key_arns" {
  description = "Keys that routes with `encryption = \"sse-kms\"` name."
  type        = list(string)
  default     = []
}

variable "table" {
  description = "The ledger's table."
  type        = string
  default     = "FileTransferMetadata"
}

variable "retention_days" {
  description = "How long the ledger keeps a file that has come to its end."
  type        = number
  default     = 90
}

variable "architecture" {
  description = "What the image was built for: `X86_64` or `ARM64`."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.architecture)
    error_message = "architecture: expected X86_64 or ARM64."
  }
}

variable "health_command" {
  description = "How ECS asks a dispatcher or worker whether it is well; null does not ask."
  type        = list(string)
  default     = ["CMD", "/drayage", "health"]
}

variable "log" {
  description = "What is logged, and how long it is kept."
  type        = object({ filter = optional(string, "info"), days = optional(number, 30) })
  default     = {}
}

variable "collector" {
  description = "The OpenTelemetry collector beside each dispatcher and worker: `digest` of the image pushed to this stack's repository `collector`, and how many percent of the traces are kept. Null has none."
  type        = object({ digest = string, trace_percent = optional(number, 10) })
  default     = null
}

variable "alarm_emails" {
  description = "Addresses that get every alarm."
  type        = set(string)
  default     = []
}

variable "protected" {
  description = "Whether data is protected from `terraform destroy`: the table by deletion protection, buckets and repositories by having to be empty."
  type        = bool
  default     = true
}

variable "account_id" {
  description = "The AWS account; null asks AWS whose credentials these are."
  type        = string
  default     = null
}
