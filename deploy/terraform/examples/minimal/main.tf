# A working fleet: one bucket in, one out, two lanes.

provider "aws" {
  region = var.region
}

module "drayage" {
  source = "../.."

  region         = var.region
  image_digest   = var.image_digest
  source_buckets = { "example-landing" = {} }
  target_buckets = { "example-delivered" = {} }
  rules          = file("${path.module}/rules.toml")
}
