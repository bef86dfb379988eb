"""Reading scripts without running them: syntax, scopes, calls of ``$proxy``, reads and writes."""
