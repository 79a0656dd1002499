"""The registry rebuilt from a storage: manifests read, compared with the rows, and adopted."""
