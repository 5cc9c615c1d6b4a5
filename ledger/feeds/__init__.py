"""Feeds and documents: fetch, parse, extract, identify, and record what is new or changed.

Names are imported where they are used, so that a command that touches no feed loads no HTML library.
"""
