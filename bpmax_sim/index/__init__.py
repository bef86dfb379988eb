"""What a project consists of and what uses what: shapes of responses, facts of files, the index."""
