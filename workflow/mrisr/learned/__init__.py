"""What is learned of low-resolution scans before any model is trained: the stages around the shelf ``kernels``."""
