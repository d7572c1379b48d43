# The applied copy's provider: path style, since a loopback address has no bucket hosts. AWS_ENDPOINT_URL names the emulator.
provider "aws" {
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
}
