"""Tests of the exploration of failures and orders."""
