"""Judgements about recordings and declarations: drift, admission."""
