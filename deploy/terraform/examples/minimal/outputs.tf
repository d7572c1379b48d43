output "drayage" {
  description = "What the stack is made of."
  value       = module.drayage
}
