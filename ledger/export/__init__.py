"""Exports: rows for tables, and the forms that other tools read. Every one is made from the views, in a fixed order."""

from ledger.export.forms import FORMS, WHAT, Form, export, forms_of

__all__ = ["FORMS", "WHAT", "Form", "export", "forms_of"]
