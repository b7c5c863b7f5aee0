"""The publishable artifact."""
