# Good is completed. Bad is what failed through us. Refused, blocked, abandoned and rejected are neither: see
# docs/operations.md. Each request's end moves exactly one of these counts.
locals {
  _bad            = ["buried", "expired", "failed", "send_failed", "unanswered", "unreadable"]
  _budget_percent = 100 - var.objectives.completed_percent

  # How many times as fast as the objective allows. The long window must have used up 2 % of the budget in an hour, or 5 %
  # in six hours. The short one must still burn as fast, so that the alarm is over soon after the cause is.
  _burn = {
    fast = 0.02 * 24 * var.objectives.days
    slow = 0.05 * 24 / 6 * var.objectives.days
  }
}
