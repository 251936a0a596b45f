"""CloudWatch as values: data in; statistics, alarms' states, reasons and messages out. Pure: no clock, no socket."""
