"""Shared vocabulary: tables, schema, checks, errors, options, results, inference."""
