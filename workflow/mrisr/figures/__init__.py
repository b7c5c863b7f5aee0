"""Figures of the report, each as PNG and SVG."""
