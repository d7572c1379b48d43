account_id       = "123456789012"
network          = { vpc_id = "vpc-0123456789abcdef0", subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"] }
image_digest     = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
collector_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
alarm_emails     = ["operators@example.com"]
# A key that is there makes every ARN known, and so every policy whole, before anything is made.
kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
sftp_keys = {
  acme   = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkPGXvDl1m0Gm0n0oAFXvFgDWmP2IxGdVQdkXgEwXhB acme"]
  globex = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJkPGXvDl1m0Gm0n0oAFXvFgDWmP2IxGdVQdkXgEwXhB globex"]
}
