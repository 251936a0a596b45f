"""The command line behind `make plan`, `make apply` and the other targets that take ENV."""
