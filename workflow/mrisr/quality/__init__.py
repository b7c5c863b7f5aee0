"""Quality of an image without a reference: statistics of normalised luminances, and a regressor on them (BRISQUE)."""
