"""Recordings written for other programs: see `convert`."""

from depthkit.exports.conversion import FORMATS, Format, convert
from depthkit.exports.depth_steps import DepthLoss
from depthkit.exports.ledger import ConversionLedger

__all__ = ["FORMATS", "ConversionLedger", "DepthLoss", "Format", "convert"]
