# A warning in every plan and apply, not an error: a demonstration may be open, and a private API may be guarded elsewhere.
check "authorization" {
  assert {
    condition     = var.authorization != "none"
    error_message = "authorization is \"none\": ANYONE who learns the URL may connect to ${var.environment}, and you pay for every answer they get. Set authorization to \"jwt\" or \"iam\" before the URL leaves your team."
  }
}
