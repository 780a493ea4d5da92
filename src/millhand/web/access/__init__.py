"""Who may do what over HTTP: keys, roles, tenants."""
