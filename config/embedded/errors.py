"""What can go wrong with the embedded services besides what the machine refuses."""

from machine.errors import MachineError


class ForeignMajor(MachineError):
    code = "postgres_foreign_major"
