"""Static analysis of scripts: syntax, scopes, calls of ``$proxy``, reads and writes."""
