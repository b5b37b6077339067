"""Image in, image out: padding, tiles, precision and self-ensemble around a network."""

from restora.restoration.ensemble import SelfEnsemble

from restora.restoration.restorer import Restorer

__all__ = ["Restorer", "SelfEnsemble", "restore"]
