"""Reports of events and verdicts for people and programs: terminal, page, JSON, exit code."""
