"""The five-minute demonstration: a small CRM, and the folder that is recorded against it."""
