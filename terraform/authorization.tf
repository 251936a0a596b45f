# Every plan and apply warns, but does not fail: a demonstration may be open to anyone.
check "authorization" {
  assert {
    condition     = var.authorization != "none"
    error_message = "authorization is \"none\": ANYONE who learns the URL may connect to ${var.environment}, and you pay for every answer they get. Set authorization to \"jwt\" or \"iam\" before the URL leaves your team."
  }
}
