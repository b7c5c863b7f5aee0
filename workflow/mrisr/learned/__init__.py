"""The stages around the shelf ``kernels``: they learn the degradation from low-resolution scans."""
