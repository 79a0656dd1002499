"""Who may do what: companies, people and agents, roles, tokens, audit, secrets."""
