"""What moto's server lacks or does otherwise than AWS, one module a service."""
