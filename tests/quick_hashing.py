"""The product's way to hash passwords, at next to no cost: the cast's are hashed in each test."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickHasher(Argon2PasswordHasher):
    """Its hashes can be checked by a web server that was started with the product's settings."""

    time_cost = 1
    memory_cost = 8
    parallelism = 1
