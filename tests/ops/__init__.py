"""The operation battery: one registry, one set of checks; an operation enrols itself."""
