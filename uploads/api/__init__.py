"""The documented API of uploads and recordings. Bodies of files go to the data plane instead."""
