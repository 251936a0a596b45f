"""`make cost`: what a month costs, by service, beside two other designs."""
