"""Printed documents: values in, a page picture or a PDF out."""
