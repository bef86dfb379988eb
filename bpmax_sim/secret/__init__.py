"""Credentials and their stand-ins, derived forms, redaction, leak scan."""
