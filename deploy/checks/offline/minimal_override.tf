# What a plan would otherwise ask AWS.
module "drayage" {
  account_id = "123456789012"
  network    = { availability_zones = ["eu-west-1a", "eu-west-1b"] }
}
