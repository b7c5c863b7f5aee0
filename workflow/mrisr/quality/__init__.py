"""BRISQUE, image quality without a reference: statistics of normalised luminances, and a regressor on them."""
