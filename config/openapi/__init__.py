"""The API's description (OpenAPI 3.1) and its pages: what an outsider writes a client from."""
