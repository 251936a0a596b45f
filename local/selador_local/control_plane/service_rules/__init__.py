"""What a service refuses although its model allows it: one module of pure rules per service, and the table of them."""
