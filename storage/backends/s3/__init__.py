"""A bucket that speaks S3. Nothing here is imported before a target of this kind is used: the
library costs half a second of processor time for each process."""
